"""PGMQ, the fallback broker's queues, from the SQL that the `pgmq` package carries.

No server extension is needed. Nothing is done where PGMQ is there already, as an extension or as SQL.
"""

from alembic import op
from pgmq.install import get_embedded_install_sql
from sqlalchemy import text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.execute(text("SELECT to_regclass('pgmq.meta')")).scalar() is not None:
        return
    # The driver's own cursor: the script holds percent signs, which are no parameters.
    with connection.connection.cursor() as cursor:
        cursor.execute(get_embedded_install_sql())
