"""Fees that a venue has not named yet are known as such, and corrected once by an entry of their own."""

from alembic import op

revision = "0025"
down_revision = "0024"

ASSUMED = """
ALTER TABLE fills ADD COLUMN fee_is_assumed boolean NOT NULL DEFAULT false;
CREATE INDEX fills_fee_assumed ON fills (client_order_id) WHERE fee_is_assumed;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_kind_check
    CHECK (kind IN ('opening', 'fill', 'adjustment', 'fee')) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_kind_check;
"""


def upgrade() -> None:
    op.execute(ASSUMED)
