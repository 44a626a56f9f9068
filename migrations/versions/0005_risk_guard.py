"""What a trade sets aside for its worst loss, what it leaves uneven, and which venues asked for a pause.

Trades that are under way get the reserve of the default limits: 3 % of their notional. Without one none of
their legs could be repaired.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

RISK_GUARD = """
ALTER TABLE trades
    ADD COLUMN loss_reserve_krw numeric NOT NULL DEFAULT 0 CHECK (loss_reserve_krw >= 0),
    ADD COLUMN residual numeric NOT NULL DEFAULT 0;
UPDATE trades SET loss_reserve_krw = notional_krw * 0.03
    WHERE state IN ('opening', 'open', 'closing', 'repairing');
ALTER TABLE trades
    ALTER COLUMN loss_reserve_krw DROP DEFAULT,
    ALTER COLUMN residual DROP DEFAULT;
CREATE INDEX trades_recent ON trades (session_id, opened_at_ns);

CREATE TABLE venue_pauses (
    session_id  text NOT NULL REFERENCES sessions,
    venue       text NOT NULL CHECK (venue IN ('upbit', 'binance')),
    until_ns    bigint NOT NULL,
    reason      text NOT NULL,
    PRIMARY KEY (session_id, venue)
);
"""


def upgrade() -> None:
    op.execute(RISK_GUARD)
