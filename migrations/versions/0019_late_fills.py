"""Orders that were filled after they had ended are few, and looked for by each sweep."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX order_events_late ON order_events (client_order_id)"
        " WHERE from_state IN ('canceled', 'expired')"
    )
