"""Messages that were given up: one row for all failures of the same work."""

from alembic import op

revision = "0008"
down_revision = "0007"

DEAD_LETTERS = """
CREATE TABLE dead_letters (
    dead_letter_id  bigserial PRIMARY KEY,
    fingerprint     text NOT NULL UNIQUE,
    reason          text NOT NULL CHECK (reason IN ('failed', 'redelivered', 'unreadable')),
    queue           text NOT NULL,
    task            text NOT NULL,
    task_id         text NOT NULL,
    arguments       text NOT NULL,
    error           text NOT NULL,
    text            text NOT NULL,
    failures        integer NOT NULL CHECK (failures > 0),
    first_at_ns     bigint NOT NULL,
    last_at_ns      bigint NOT NULL,
    replays         integer NOT NULL DEFAULT 0,
    replayed_at_ns  bigint NOT NULL DEFAULT 0
);
CREATE INDEX dead_letters_waiting ON dead_letters (last_at_ns) WHERE replayed_at_ns = 0;
"""


def upgrade() -> None:
    op.execute(DEAD_LETTERS)
