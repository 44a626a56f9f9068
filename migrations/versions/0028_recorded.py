"""What was there to be earned: premiums of every coin by the minute, a partition a day, and chances."""

from alembic import op

revision = "0028"
down_revision = "0027"

RECORDED = """
CREATE TABLE premiums (
    at_ns        bigint NOT NULL,
    coin         text NOT NULL,
    environment  text NOT NULL,
    pair         text NOT NULL,
    first_bid    numeric NOT NULL,
    first_ask    numeric NOT NULL,
    second_bid   numeric NOT NULL,
    second_ask   numeric NOT NULL,
    rate_bid     numeric NOT NULL,
    rate_ask     numeric NOT NULL,
    premium_bps  numeric NOT NULL,
    selling_bps  numeric,
    buying_bps   numeric,
    PRIMARY KEY (at_ns, coin, environment, pair)
) PARTITION BY RANGE (at_ns);

CREATE TABLE opportunities (
    session_id  text NOT NULL REFERENCES sessions,
    coin        text NOT NULL,
    direction   text NOT NULL,
    began_ns    bigint NOT NULL,
    ended_ns    bigint NOT NULL,
    peak_ns     bigint NOT NULL,
    peak_bps    numeric NOT NULL,
    quantity    numeric NOT NULL,
    size_krw    numeric NOT NULL,
    worth_krw   numeric NOT NULL,
    reason      text NOT NULL,
    reasons     jsonb NOT NULL,
    trades      jsonb NOT NULL,
    PRIMARY KEY (session_id, coin, direction, began_ns)
);
CREATE INDEX opportunities_by_time ON opportunities (began_ns);
"""


def upgrade() -> None:
    op.execute(RECORDED)
