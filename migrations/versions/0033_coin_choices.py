"""Which coins a session trades that names none: what both venues list, and why not the others."""

from alembic import op

revision = "0033"
down_revision = "0032"

CHOICES = """
CREATE TABLE coin_choices (
    session_id    text PRIMARY KEY REFERENCES sessions,
    coins         jsonb NOT NULL,
    left_out      jsonb NOT NULL,
    chosen_at_ns  bigint NOT NULL
);
"""


def upgrade() -> None:
    op.execute(CHOICES)
