"""How often what the entries of a session are reviewed by was decided anew."""

from alembic import op

revision = "0034"
down_revision = "0033"

MARKS = """
CREATE TABLE review_marks (
    session_id  text PRIMARY KEY REFERENCES sessions,
    mark        bigint NOT NULL
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    op.execute(MARKS)
