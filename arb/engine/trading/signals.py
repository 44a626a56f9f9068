"""Which signals there were, and which were executed.

A signal is a coin and direction of which an entry is worth it. As long as it stands, look after look, it is
one: a premium that lasts for a minute is no hundred chances. Each process that evaluates remembers its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge

SIGNALS: Final = "signals"
FOUND: Final = "found"
EXECUTED: Final = "executed"


@dataclass(frozen=True, slots=True)
class Signals:
    """Remembers what stands, and whether anything was opened by it."""

    _standing: dict[Coin, tuple[Direction, bool]] = field(default_factory=dict)

    def note(self, coin: Coin, found: object, *, opened: bool) -> Iterator[str]:
        """Take what a look found; return what is new of it."""
        before = self._standing.pop(coin, None)
        if not isinstance(found, Edge):
            return
        stood = before is not None and before[0] == found.direction
        executed = stood and before is not None and before[1]
        self._standing[coin] = found.direction, executed or opened
        if not stood:
            yield FOUND
        if opened and not executed:
            yield EXECUTED
