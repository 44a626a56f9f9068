"""How a venue answered its newest orders is asked before each exit: it must not cost more as they add up."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("CREATE INDEX orders_newest ON orders (session_id, venue, created_at_ns DESC)")
