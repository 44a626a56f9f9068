"""Fills and foreign orders belong to a mode and an account: the same venue's ids come again in another.

Simulators, test networks and accounts each count from one. A ledger entry is known by its key within its
session, so that the entry of a fill is booked whatever another session has booked under that id.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

OWNERS = """
ALTER TABLE fills ADD COLUMN environment text, ADD COLUMN account text;
UPDATE fills SET environment = sessions.environment, account = sessions.account
    FROM orders JOIN sessions USING (session_id)
    WHERE orders.client_order_id = fills.client_order_id;
ALTER TABLE fills
    ALTER COLUMN environment SET NOT NULL,
    ALTER COLUMN account SET NOT NULL,
    DROP CONSTRAINT fills_pkey,
    ADD PRIMARY KEY (environment, account, venue, symbol, fill_id);

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_key_key, ADD UNIQUE (session_id, key);

ALTER TABLE external_orders ADD COLUMN environment text, ADD COLUMN account text;
UPDATE external_orders SET (environment, account) = (
    SELECT environment, account FROM sessions ORDER BY group_name <> '', started_at_ns DESC LIMIT 1);
DELETE FROM external_orders WHERE environment IS NULL;
ALTER TABLE external_orders
    ALTER COLUMN environment SET NOT NULL,
    ALTER COLUMN account SET NOT NULL,
    DROP CONSTRAINT external_orders_pkey,
    ADD PRIMARY KEY (environment, account, venue, venue_order_id);
"""


def upgrade() -> None:
    op.execute(OWNERS)
