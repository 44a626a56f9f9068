"""Venues and directions are what the code knows: no constraint lists them, so that one more is a row.

What such a name may look like stays constrained.
"""

from alembic import op

revision = "0023"
down_revision = "0022"

ANY_VENUE = r"""
ALTER TABLE trades DROP CONSTRAINT trades_direction_check,
    ADD CONSTRAINT trades_direction_check CHECK (direction ~ '^(buy|sell)_[a-z0-9_]+$');
ALTER TABLE orders DROP CONSTRAINT orders_venue_check,
    ADD CONSTRAINT orders_venue_check CHECK (venue ~ '^[a-z][a-z0-9]*$');
ALTER TABLE external_orders DROP CONSTRAINT external_orders_venue_check,
    ADD CONSTRAINT external_orders_venue_check CHECK (venue ~ '^[a-z][a-z0-9]*$');
ALTER TABLE venue_pauses DROP CONSTRAINT venue_pauses_venue_check,
    ADD CONSTRAINT venue_pauses_venue_check CHECK (venue ~ '^[a-z][a-z0-9]*$');
"""


def upgrade() -> None:
    op.execute(ANY_VENUE)
