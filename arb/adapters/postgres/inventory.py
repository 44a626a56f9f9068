"""What fills made of each venue's assets since a time: the pace at which inventory comes and goes."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Engine, func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.ledger import OWN
from arb.adapters.postgres.tables import ledger_entries, ledger_postings
from arb.domain.ledger.ledger import EntryKind
from arb.domain.market.ids import SessionId, Venue


def changes_since(
    engine: Engine, session_id: SessionId, since_ns: int
) -> Mapping[tuple[Venue, str], Decimal]:
    """Return what fills and their fees changed, and no transfer. Raises: StoreUnavailable."""
    kinds = (EntryKind.FILL.value, EntryKind.FEE.value)
    wanted = (
        select(
            ledger_postings.c.account,
            ledger_postings.c.asset,
            func.sum(ledger_postings.c.amount).label("change"),
        )
        .join(ledger_entries, ledger_entries.c.entry_id == ledger_postings.c.entry_id)
        .where(
            ledger_entries.c.session_id == session_id,
            ledger_entries.c.at_ns >= since_ns,
            ledger_entries.c.kind.in_(kinds),
            ledger_postings.c.account.in_(OWN),
        )
        .group_by(ledger_postings.c.account, ledger_postings.c.asset)
    )
    with reading(engine) as connection:
        return {(OWN[row.account], row.asset): row.change for row in connection.execute(wanted)}
