"""When the newer of the books that an order was decided on was received."""

from alembic import op

revision = "0029"
down_revision = "0028"

TICK = """
ALTER TABLE orders ADD COLUMN tick_at_ns bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    op.execute(TICK)
