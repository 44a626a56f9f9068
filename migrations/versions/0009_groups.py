"""Sessions side by side: a session's group, its account, and what it has of the moves of others."""

from alembic import op

revision = "0009"
down_revision = "0008"

GROUPS = """
ALTER TABLE sessions
    ADD COLUMN group_name text NOT NULL DEFAULT '',
    ADD COLUMN account text NOT NULL DEFAULT '';

-- Up to which ledger entry of another session its moves are booked in this one.
CREATE TABLE moves_booked (
    session_id  text NOT NULL REFERENCES sessions,
    other_id    text NOT NULL REFERENCES sessions,
    entry_id    bigint NOT NULL,
    PRIMARY KEY (session_id, other_id)
);
"""


def upgrade() -> None:
    op.execute(GROUPS)
