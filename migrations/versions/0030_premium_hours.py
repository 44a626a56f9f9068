"""Premiums by the hour, kept beside each row as it comes: a month of a coin is 720 rows and not millions."""

from alembic import op

revision = "0030"
down_revision = "0029"

HOURS = """
CREATE TABLE premium_hours (
    coin         text NOT NULL,
    environment  text NOT NULL,
    pair         text NOT NULL,
    from_ns      bigint NOT NULL,
    last_ns      bigint NOT NULL,
    premium_bps  numeric NOT NULL,
    low_bps      numeric NOT NULL,
    high_bps     numeric NOT NULL,
    selling_bps  numeric,
    buying_bps   numeric,
    PRIMARY KEY (coin, environment, pair, from_ns)
);
INSERT INTO premium_hours
SELECT coin, environment, pair, at_ns / 3600000000000 * 3600000000000, max(at_ns),
       (array_agg(premium_bps ORDER BY at_ns DESC))[1], min(premium_bps), max(premium_bps),
       max(selling_bps), max(buying_bps)
FROM premiums
GROUP BY 1, 2, 3, 4;
"""


def upgrade() -> None:
    op.execute(HOURS)
