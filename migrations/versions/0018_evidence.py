"""Exits and repairs keep what they were decided on, and each step of an order says whose process took it."""

from alembic import op

revision = "0018"
down_revision = "0017"

EVIDENCE = """
ALTER TABLE trades ADD COLUMN decided_later jsonb NOT NULL DEFAULT '{}';
ALTER TABLE order_events ADD COLUMN actor text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    op.execute(EVIDENCE)
