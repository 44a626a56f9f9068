"""A leg that was handed over is taken up again, each time after a longer pause: how often is counted.

Each sweep asks for these legs, and there are few of them beside the trades that have ended.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

TAKE_UPS = """
ALTER TABLE trades ADD COLUMN take_ups integer NOT NULL DEFAULT 0;
CREATE INDEX trades_taken_up ON trades (session_id) WHERE state = 'repairing';
"""


def upgrade() -> None:
    op.execute(TAKE_UPS)
