"""The newest chances of one session, however many another one on the same server has had since."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("CREATE INDEX opportunities_by_session ON opportunities (session_id, began_ns)")
