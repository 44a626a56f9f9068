"""What operating needs: levels as they changed, how alerts were told, what a trade was decided on."""

from alembic import op

revision = "0007"
down_revision = "0006"

OPERATIONS = """
CREATE TABLE health_changes (
    health_change_id  bigserial PRIMARY KEY,
    rule              text NOT NULL,
    subject           text NOT NULL,
    before            text NOT NULL CHECK (before IN ('ok', 'warn', 'error', 'critical')),
    after             text NOT NULL CHECK (after IN ('ok', 'warn', 'error', 'critical')),
    value             numeric NOT NULL,
    "limit"           numeric NOT NULL,
    at_ns             bigint NOT NULL
);
CREATE INDEX health_changes_by_time ON health_changes (at_ns);

ALTER TABLE alerts
    ADD COLUMN held_back bigint NOT NULL DEFAULT 0 CHECK (held_back >= 0),
    ADD COLUMN delivered_by text NOT NULL DEFAULT '',
    ADD COLUMN acked_at_ns bigint NOT NULL DEFAULT 0;

ALTER TABLE trades ADD COLUMN decided_on jsonb NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    op.execute(OPERATIONS)
