"""Snapshots: one table for each part of a session's state.

A snapshot is the four rows of one (session_id, slot). `body` is the zlib-compressed canonical JSON of the
part and of the row's other columns; `checksum` is the SHA-256 of `body`.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = ("session_snapshots", "position_snapshots", "metrics_snapshots", "risk_guard_snapshots")

TABLE = """
CREATE TABLE {name} (
    session_id       text NOT NULL REFERENCES sessions,
    slot             text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('periodic', 'on_trade', 'on_stop', 'manual')),
    schema_version   integer NOT NULL,
    checksum         text NOT NULL,
    ledger_position  bigint NOT NULL,
    body             bytea NOT NULL,
    taken_at_ns      bigint NOT NULL,
    taken_at         timestamptz NOT NULL
        GENERATED ALWAYS AS (to_timestamp(taken_at_ns::double precision / 1000000000)) STORED,
    PRIMARY KEY (session_id, slot)
);
CREATE INDEX {name}_newest ON {name} (session_id, taken_at_ns);
"""

VIEW = """
CREATE VIEW v_latest_snapshots AS
SELECT DISTINCT ON (s.session_id)
    s.session_id, s.slot, s.kind, s.schema_version, s.ledger_position, s.taken_at_ns, s.taken_at,
    length(s.body) + length(p.body) + length(m.body) + length(r.body) AS bytes_compressed
FROM session_snapshots s
JOIN position_snapshots p USING (session_id, slot)
JOIN metrics_snapshots m USING (session_id, slot)
JOIN risk_guard_snapshots r USING (session_id, slot)
ORDER BY s.session_id, s.taken_at_ns DESC, s.slot DESC;
"""

# The newest complete snapshot of a session is kept however old it is: resuming needs it.
CLEANUP = """
CREATE FUNCTION cleanup_old_snapshots(days_to_keep integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    removed bigint;
BEGIN
    IF days_to_keep < 0 THEN
        RAISE EXCEPTION 'days_to_keep: % is negative', days_to_keep;
    END IF;
    CREATE TEMPORARY TABLE old_snapshots ON COMMIT DROP AS
        SELECT DISTINCT s.session_id, s.slot
        FROM (
            SELECT session_id, slot, taken_at FROM session_snapshots
            UNION ALL SELECT session_id, slot, taken_at FROM position_snapshots
            UNION ALL SELECT session_id, slot, taken_at FROM metrics_snapshots
            UNION ALL SELECT session_id, slot, taken_at FROM risk_guard_snapshots
        ) s
        WHERE s.taken_at < now() - make_interval(days => days_to_keep)
            AND NOT EXISTS (
                SELECT 1 FROM v_latest_snapshots latest
                WHERE latest.session_id = s.session_id AND latest.slot = s.slot);
    DELETE FROM session_snapshots t USING old_snapshots o
        WHERE t.session_id = o.session_id AND t.slot = o.slot;
    DELETE FROM position_snapshots t USING old_snapshots o
        WHERE t.session_id = o.session_id AND t.slot = o.slot;
    DELETE FROM metrics_snapshots t USING old_snapshots o
        WHERE t.session_id = o.session_id AND t.slot = o.slot;
    DELETE FROM risk_guard_snapshots t USING old_snapshots o
        WHERE t.session_id = o.session_id AND t.slot = o.slot;
    SELECT count(*) INTO removed FROM old_snapshots;
    DROP TABLE old_snapshots;
    RETURN removed;
END
$$;
"""


def upgrade() -> None:
    for name in TABLES:
        op.execute(TABLE.format(name=name))
    op.execute(VIEW)
    op.execute(CLEANUP)
