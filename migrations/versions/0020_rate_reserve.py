"""A trade keeps the rate that it was opened at, and what is set aside for that rate's move.

Of trades from before, the rate is taken from what they were decided on; nothing was set aside for its move.
"""

from alembic import op

revision = "0020"
down_revision = "0019"

RATE_RESERVE = """
ALTER TABLE trades
    ADD COLUMN entry_krw_per_usdt numeric NOT NULL DEFAULT 0,
    ADD COLUMN rate_reserve_krw numeric NOT NULL DEFAULT 0;
UPDATE trades SET entry_krw_per_usdt = (decided_on ->> 'krw_per_usdt')::numeric
    WHERE decided_on ->> 'krw_per_usdt' ~ '^[0-9]+([.][0-9]+)?$';
ALTER TABLE trades
    ALTER COLUMN entry_krw_per_usdt DROP DEFAULT,
    ALTER COLUMN rate_reserve_krw DROP DEFAULT;
"""


def upgrade() -> None:
    op.execute(RATE_RESERVE)
