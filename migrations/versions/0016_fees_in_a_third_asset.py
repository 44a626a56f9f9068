"""What a fee in a third asset was worth, in the currency of its market; none while nobody knows."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE fills ADD COLUMN fee_in_quote numeric")
    op.execute(
        "CREATE INDEX fills_unvalued ON fills (client_order_id) WHERE fee_in_quote IS NULL AND fee <> 0"
        " AND fee_asset <> split_part(symbol, '/', 1) AND fee_asset <> split_part(symbol, '/', 2)"
    )
