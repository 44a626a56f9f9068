"""The settings that a session runs with, by number; 0 is a session of before they were kept."""

from alembic import op

revision = "0021"
down_revision = "0020"

GENERATIONS = """
ALTER TABLE sessions ADD COLUMN generation bigint NOT NULL DEFAULT 0;
CREATE TABLE generations (
    session_id text NOT NULL REFERENCES sessions,
    number bigint NOT NULL CHECK (number > 0),
    settings jsonb NOT NULL,
    frozen_at_ns bigint NOT NULL,
    why text NOT NULL,
    PRIMARY KEY (session_id, number)
);
"""


def upgrade() -> None:
    op.execute(GENERATIONS)
