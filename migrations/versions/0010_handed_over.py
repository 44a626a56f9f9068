"""Every sweep asks for the trades that were handed over and of which no alert tells."""

from alembic import op

revision = "0010"
down_revision = "0009"

HANDED_OVER = """
CREATE INDEX trades_handed_over ON trades (session_id) WHERE state = 'handed_over';
CREATE INDEX alerts_of_handed_over ON alerts (subject) WHERE kind = 'trade_handed_over';
"""


def upgrade() -> None:
    op.execute(HANDED_OVER)
