"""What became of this process's newest entries, so that the review is not asked in vain.

Each review takes the lock of its account, and most of what it denies it would deny again a moment later. The
review stays the one that decides: this only says when it is worth asking.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Denied
from arb.domain.time import NS_PER_MS, is_within

# What is denied may be allowed once another trade has ended, or a pause is over: a fifth of a second later a
# chance is known late by that at most, and an account's lock is taken five times a second for it.
ASK_AGAIN_NS: Final = 200 * NS_PER_MS
COOLDOWN: Final = "entry_cooldown"

Way = tuple[Coin, Direction]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMemory:
    """Safe between threads: what another one notes in between is asked for once more."""

    cooldown_ns: int
    _opened_at_ns: dict[Way, int] = field(default_factory=dict)
    _denied: dict[Way, tuple[Denied, int]] = field(default_factory=dict)

    def opened(self, way: Way, now_ns: int) -> None:
        """Take note of an entry."""
        self._opened_at_ns[way] = now_ns
        self._denied.pop(way, None)

    def denied(self, way: Way, said: Denied, now_ns: int) -> None:
        """Take note of what the review said."""
        self._denied[way] = said, now_ns

    def why_not(self, way: Way, now_ns: int) -> Denied | None:
        """Return why the review would deny an entry now, None where it has to be asked."""
        if is_within(self._opened_at_ns.get(way, 0), now_ns, self.cooldown_ns):
            return Denied(COOLDOWN)
        said, denied_at_ns = self._denied.get(way, (None, 0))
        return said if is_within(denied_at_ns, now_ns, ASK_AGAIN_NS) else None
