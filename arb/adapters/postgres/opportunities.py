"""Chances as rows: what each was at its best, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.premiums import UNHURRIED
from arb.adapters.postgres.tables import opportunities
from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.market.opportunity import Opportunity
from arb.domain.market.pair import Direction
from arb.domain.time import Span

KEY: Final = ("session_id", "coin", "direction", "began_ns")
REST: Final = (
    "ended_ns", "peak_ns", "peak_bps", "quantity", "size_krw", "worth_krw", "reason", "reasons", "trades",
)  # fmt: skip
ADDING: Final = insert(opportunities)
PUTTING: Final = ADDING.on_conflict_do_update(
    index_elements=KEY, set_={name: ADDING.excluded[name] for name in REST}
)


@dataclass(frozen=True, slots=True)
class SqlOpportunities:
    """The chances of every session."""

    engine: Engine

    def put(self, session_id: SessionId, found: Sequence[Opportunity]) -> None:
        """Keep these in place of what they were. Raises: StoreUnavailable."""
        if not found:
            return
        with transaction(self.engine) as connection:
            connection.execute(UNHURRIED)
            connection.execute(PUTTING, [_values(session_id, each) for each in found])

    def count(self, since_ns: int) -> int:
        """Return how many began since a time. Raises: StoreUnavailable."""
        wanted = select(func.count()).select_from(opportunities).where(opportunities.c.began_ns >= since_ns)
        with reading(self.engine) as connection:
            return connection.execute(wanted).scalar_one()

    def read(self, session_id: SessionId, span: Span, limit: int, coin: str = "") -> list[Opportunity]:
        """Return the newest of a span of time and a coin, if one is named, the oldest of them first.

        Raises: StoreUnavailable.
        """
        columns = opportunities.c
        wanted = (
            select(opportunities)
            .where(
                columns.session_id == session_id,
                columns.began_ns >= span.from_ns,
                columns.began_ns <= span.to_ns,
            )
            .order_by(columns.began_ns.desc(), columns.coin.desc(), columns.direction.desc())
            .limit(limit)
        )
        if coin:
            wanted = wanted.where(columns.coin == coin)
        with reading(self.engine) as connection:
            return [_opportunity(row) for row in connection.execute(wanted)][::-1]

    def clean_up(self, before_ns: int) -> None:
        """Forget what began before. Raises: StoreUnavailable."""
        with transaction(self.engine) as connection:
            connection.execute(delete(opportunities).where(opportunities.c.began_ns < before_ns))


def _values(session_id: SessionId, each: Opportunity) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "coin": each.coin,
        "direction": str(each.direction),
        "began_ns": each.began_ns,
        "ended_ns": each.ended_ns,
        "peak_ns": each.peak_ns,
        "peak_bps": each.peak_bps,
        "quantity": each.quantity,
        "size_krw": each.size_krw,
        "worth_krw": each.worth_krw,
        "reason": each.reason,
        "reasons": dict(each.reasons),
        "trades": list(each.trades),
    }


def _opportunity(row: Any) -> Opportunity:
    return Opportunity(
        coin=Coin(row.coin),
        direction=Direction(row.direction),
        began_ns=row.began_ns,
        ended_ns=row.ended_ns,
        peak_ns=row.peak_ns,
        peak_bps=row.peak_bps,
        quantity=row.quantity,
        size_krw=row.size_krw,
        worth_krw=row.worth_krw,
        reasons=row.reasons,
        trades=tuple(TradeId(each) for each in row.trades),
    )
