"""Chances as rows, in memory."""

from collections.abc import Sequence

from arb.domain.market.ids import Coin, SessionId
from arb.domain.market.opportunity import Opportunity
from arb.domain.market.pair import Direction
from arb.domain.time import Span


class MemoryOpportunities:
    """The twin of `arb.adapters.postgres.opportunities.SqlOpportunities` for tests."""

    def __init__(self) -> None:
        self._rows: dict[tuple[SessionId, Coin, Direction, int], Opportunity] = {}

    def put(self, session_id: SessionId, found: Sequence[Opportunity]) -> None:
        """Keep these in place of what they were."""
        for each in found:
            self._rows[session_id, each.coin, each.direction, each.began_ns] = each

    def count(self, since_ns: int) -> int:
        """Return how many began since a time."""
        return sum(began_ns >= since_ns for *_, began_ns in self._rows)

    def read(self, session_id: SessionId, span: Span, limit: int, coin: str = "") -> list[Opportunity]:
        """Return the newest of a span of time and a coin, if one is named, the oldest of them first."""
        own = [each for (owner, *_), each in self._rows.items() if owner == session_id]
        within = [
            each for each in own if span.from_ns <= each.began_ns <= span.to_ns and coin in ("", each.coin)
        ]
        return sorted(within, key=lambda each: (each.began_ns, each.coin, each.direction))[-limit:]

    def clean_up(self, before_ns: int) -> None:
        """Drop opportunities that began before a time."""
        self._rows = {key: each for key, each in self._rows.items() if key[3] >= before_ns}
