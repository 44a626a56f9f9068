"""Chances in a dictionary, by what makes each one."""

from collections.abc import Sequence

from arb.domain.market.ids import Coin
from arb.domain.market.opportunity import Opportunity
from arb.domain.market.pair import Direction


class MemoryChances:
    """The twin for tests and replays."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Coin, Direction, int], Opportunity] = {}

    def keep(self, found: Sequence[Opportunity]) -> None:
        """Keep these as they are now."""
        for each in found:
            self._kept[each.coin, each.direction, each.began_ns] = each

    def take(self) -> list[Opportunity]:
        """Return what was kept since the last time, and forget it."""
        taken, self._kept = list(self._kept.values()), {}
        return taken
