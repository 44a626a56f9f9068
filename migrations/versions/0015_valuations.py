"""What a trade was valued by when it ended is kept: else nobody can prove that what it earned was booked.

Of trades that ended before this it is not known: 0.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

VALUATIONS = """
ALTER TABLE trades
    ADD COLUMN valued_krw_per_usdt numeric NOT NULL DEFAULT 0,
    ADD COLUMN valued_base_krw numeric NOT NULL DEFAULT 0;
ALTER TABLE trades
    ALTER COLUMN valued_krw_per_usdt DROP DEFAULT,
    ALTER COLUMN valued_base_krw DROP DEFAULT;
"""


def upgrade() -> None:
    op.execute(VALUATIONS)
