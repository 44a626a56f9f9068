"""Orders on our accounts that are not ours: adopted, reported once, never touched.

Also the index that finds which orders moved since a moment, for comparing ledger and balances meanwhile.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

EXTERNAL_ORDERS = """
CREATE TABLE external_orders (
    venue           text NOT NULL CHECK (venue IN ('upbit', 'binance')),
    venue_order_id  text NOT NULL,
    client_id       text NOT NULL,
    symbol          text NOT NULL,
    first_seen_ns   bigint NOT NULL,
    last_seen_ns    bigint NOT NULL,
    state           text NOT NULL CHECK (state IN ('open', 'gone')),
    PRIMARY KEY (venue, venue_order_id)
);
CREATE INDEX orders_changed ON orders (session_id, changed_at_ns);
"""


def upgrade() -> None:
    op.execute(EXTERNAL_ORDERS)
