"""Barred markets in a dictionary."""

from collections.abc import Mapping

from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.bars import Key, is_barred


class MemoryBars:
    """The twin for tests and replays."""

    def __init__(self) -> None:
        self._barred: dict[Key, tuple[str, int]] = {}

    def add(self, venue: Venue, symbol: Symbol, reason: str, now_ns: int) -> None:
        """Bar a market: no order of this account is sent there for a while."""
        self._barred[venue, symbol] = (reason, now_ns)

    def read(self, now_ns: int) -> Mapping[Key, str]:
        """Return the markets that are barred now, and why."""
        return {key: reason for key, (reason, at_ns) in self._barred.items() if is_barred(at_ns, now_ns)}
