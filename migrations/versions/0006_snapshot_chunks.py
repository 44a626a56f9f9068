"""Snapshots of many positions take several rows, numbered from 0; sessions can be set aside."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = ("session_snapshots", "position_snapshots", "metrics_snapshots", "risk_guard_snapshots")

TABLE = """
ALTER TABLE {name}
    ADD COLUMN chunk integer NOT NULL DEFAULT 0,
    ADD COLUMN chunks integer NOT NULL DEFAULT 1,
    DROP CONSTRAINT {name}_pkey,
    ADD PRIMARY KEY (session_id, slot, chunk);
"""

VIEW = """
CREATE OR REPLACE VIEW v_latest_snapshots AS
SELECT DISTINCT ON (s.session_id)
    s.session_id, s.slot, s.kind, s.schema_version, s.ledger_position, s.taken_at_ns, s.taken_at,
    (length(s.body) + p.bytes + length(m.body) + length(r.body))::integer AS bytes_compressed
FROM session_snapshots s
JOIN (
    SELECT session_id, slot, sum(length(body)) AS bytes
    FROM position_snapshots
    GROUP BY session_id, slot
    HAVING count(*) = max(chunks)
) p USING (session_id, slot)
JOIN metrics_snapshots m USING (session_id, slot)
JOIN risk_guard_snapshots r USING (session_id, slot)
ORDER BY s.session_id, s.taken_at_ns DESC, s.slot DESC;
"""


SESSIONS = "ALTER TABLE sessions ADD COLUMN set_aside_at_ns bigint NOT NULL DEFAULT 0"


def upgrade() -> None:
    op.execute(SESSIONS)
    for name in TABLES:
        op.execute(TABLE.format(name=name))
    op.execute(VIEW)
