"""Trades that are done once both legs are filled: their kind, and their losses among those in a row."""

from alembic import op

revision = "0031"
down_revision = "0030"

EXCHANGES = """
ALTER TABLE trades ADD COLUMN kind text NOT NULL DEFAULT 'pair';
DROP INDEX trades_earned;
DROP INDEX trades_lost;
CREATE INDEX trades_earned ON trades (session_id, coin, direction, closed_at_ns)
    WHERE state = 'closed' AND pnl_krw >= 0
    AND reason IN ('converged', 'exchanged', 'holding_time', 'stop_loss', 'take_profit');
CREATE INDEX trades_lost ON trades (session_id, coin, direction, closed_at_ns)
    WHERE state = 'closed' AND pnl_krw < 0
    AND reason IN ('converged', 'exchanged', 'holding_time', 'stop_loss', 'take_profit');
"""


def upgrade() -> None:
    op.execute(EXCHANGES)
