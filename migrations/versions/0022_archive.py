"""Trades and orders that are over are archived: their sums are kept, and no state costs more with history.

A row that is changed although it was archived (a late fill, a fee that is valued late) leaves the sums again.
"""

from alembic import op

revision = "0022"
down_revision = "0021"

ARCHIVE = """
ALTER TABLE trades ADD COLUMN archived boolean NOT NULL DEFAULT false;
ALTER TABLE orders ADD COLUMN archived boolean NOT NULL DEFAULT false;
CREATE INDEX trades_kept ON trades (session_id, closed_at_ns) WHERE NOT archived;
CREATE INDEX orders_kept ON orders (session_id, changed_at_ns) WHERE NOT archived;
-- By one index: of two, joined by OR, the planner reads all that a session ever had beside them.
CREATE INDEX trades_at_risk ON trades (session_id, coin)
    WHERE state IN ('opening', 'open', 'repairing', 'closing') OR state = 'handed_over' AND residual <> 0;
DROP INDEX trades_active;
CREATE INDEX trades_earned ON trades (session_id, coin, direction, closed_at_ns)
    WHERE state = 'closed' AND pnl_krw >= 0
    AND reason IN ('converged', 'holding_time', 'stop_loss', 'take_profit');
CREATE INDEX trades_lost ON trades (session_id, coin, direction, closed_at_ns)
    WHERE state = 'closed' AND pnl_krw < 0
    AND reason IN ('converged', 'holding_time', 'stop_loss', 'take_profit');
DROP INDEX fills_unvalued;
ALTER TABLE fills ADD COLUMN unvalued boolean NOT NULL GENERATED ALWAYS AS (
    fee_in_quote IS NULL AND fee <> 0
    AND fee_asset <> split_part(symbol, '/', 1) AND fee_asset <> split_part(symbol, '/', 2)
) STORED;
CREATE INDEX fills_unvalued ON fills (client_order_id) WHERE unvalued;
CREATE TABLE archived_sums (
    session_id  text NOT NULL REFERENCES sessions,
    part        text NOT NULL,
    name        text NOT NULL,
    bucket      bigint NOT NULL,
    number      bigint NOT NULL,
    amount      numeric NOT NULL,
    PRIMARY KEY (session_id, part, name, bucket)
);

CREATE FUNCTION take_from_archive(
    owner text, of_part text, of_name text, of_bucket bigint, rows bigint, worth numeric
) RETURNS void LANGUAGE sql AS $$
    UPDATE archived_sums SET number = number - rows, amount = amount - worth
    WHERE session_id = owner AND part = of_part AND name = of_name AND bucket = of_bucket
$$;

CREATE FUNCTION unarchive_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM take_from_archive(OLD.session_id, 'fees', venue || ':' || fee_asset, 0, count(*), sum(fee))
    FROM fills WHERE client_order_id = OLD.client_order_id GROUP BY venue, fee_asset;
    PERFORM take_from_archive(OLD.session_id, 'fills', split_part(OLD.symbol, '/', 1), 0, count(*), 0)
    FROM fills WHERE client_order_id = OLD.client_order_id;
    PERFORM take_from_archive(OLD.session_id, 'orders', OLD.venue || ':' || OLD.state, 0, 1, 0);
    NEW.archived = false;
    RETURN NEW;
END
$$;
CREATE TRIGGER unarchived BEFORE UPDATE ON orders
    FOR EACH ROW WHEN (OLD.archived AND NEW.archived) EXECUTE FUNCTION unarchive_order();

CREATE FUNCTION unarchive_trade() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended bigint = OLD.closed_at_ns;
BEGIN
    PERFORM take_from_archive(OLD.session_id, 'day', '', ended / 86400000000000, 1, OLD.pnl_krw);
    PERFORM take_from_archive(OLD.session_id, 'hour', '', ended / 3600000000000, 1, OLD.pnl_krw);
    PERFORM take_from_archive(OLD.session_id, 'minute', '', ended / 60000000000, 1, OLD.pnl_krw);
    PERFORM take_from_archive(OLD.session_id, 'residual', OLD.coin, 0, 1, OLD.residual);
    PERFORM take_from_archive(OLD.session_id, 'trades', OLD.coin || ':' || OLD.state, 0, 1, OLD.pnl_krw);
    NEW.archived = false;
    RETURN NEW;
END
$$;
CREATE TRIGGER unarchived BEFORE UPDATE ON trades
    FOR EACH ROW WHEN (OLD.archived AND NEW.archived) EXECUTE FUNCTION unarchive_trade();
"""


def upgrade() -> None:
    op.execute(ARCHIVE)
