"""News on its way to a person, each once, and until when it was looked for."""

from alembic import op

revision = "0027"
down_revision = "0026"

MESSAGES = """
CREATE TABLE messages (
    message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id text NOT NULL REFERENCES sessions,
    kind text NOT NULL,
    key text NOT NULL,
    facts jsonb NOT NULL,
    at_ns bigint NOT NULL,
    due_ns bigint NOT NULL DEFAULT 0,
    tried_at_ns bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    failure text NOT NULL DEFAULT '',
    ended_at_ns bigint NOT NULL DEFAULT 0,
    told_by text NOT NULL DEFAULT '',
    UNIQUE (session_id, kind, key)
);
CREATE INDEX messages_waiting ON messages (session_id, message_id) WHERE ended_at_ns = 0;
CREATE INDEX messages_tried ON messages (session_id, kind, tried_at_ns);
CREATE TABLE message_marks (
    session_id text NOT NULL REFERENCES sessions,
    kind text NOT NULL,
    at_ns bigint NOT NULL,
    PRIMARY KEY (session_id, kind)
);
"""


def upgrade() -> None:
    op.execute(MESSAGES)
