"""What a session's reconciliations could not judge, and since when: it outlives the process that looked."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE sessions ADD COLUMN unjudged_since jsonb NOT NULL DEFAULT '{}'")
