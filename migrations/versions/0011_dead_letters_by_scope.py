"""Dead letters apart: each belongs to the mode and group whose worker gave it up.

Those of before are taken for letters of the sessions without a group, in the mode that was used last.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

SCOPE = """
ALTER TABLE dead_letters ADD COLUMN scope text;
UPDATE dead_letters SET scope = coalesce(
    (SELECT environment || CASE group_name WHEN '' THEN '' ELSE ':' || group_name END
     FROM sessions ORDER BY group_name <> '', started_at_ns DESC LIMIT 1),
    'mock'
);
ALTER TABLE dead_letters
    ALTER COLUMN scope SET NOT NULL,
    DROP CONSTRAINT dead_letters_fingerprint_key,
    ADD UNIQUE (scope, fingerprint);
DROP INDEX dead_letters_waiting;
CREATE INDEX dead_letters_waiting ON dead_letters (scope, last_at_ns) WHERE replayed_at_ns = 0;
"""


def upgrade() -> None:
    op.execute(SCOPE)
