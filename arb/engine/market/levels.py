"""The levels of premiums, shared by every process of a stack and kept over restarts.

Each look is noted on what whoever looked last has left, and left for the next one: as if one process saw
everything. Where nothing can be read or kept, a process goes on with what it has seen itself.
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from arb.domain.market.ids import Coin
from arb.domain.strategy.levels import SeenLevels
from arb.domain.strategy.premium import PremiumLevel
from arb.domain.strategy.premium_memory import read_memory, written_memory


class LevelStore(Protocol):
    """What was seen of each coin, as text. Never raises; what is lost is learnt anew."""

    def read(self, coin: Coin) -> str:
        """Return what was kept last, empty if there is nothing."""

    def keep(self, coin: Coin, text: str) -> None:
        """Keep a coin's level in place of the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLevels:
    """`arb.domain.strategy.levels.Levels` of a stack. Safe between threads."""

    seen: SeenLevels
    store: LevelStore
    _lock: Lock = field(default_factory=Lock)

    def is_due(self, coin: Coin, now_ns: int) -> bool:
        """Tell whether a look at a coin would be noted."""
        return self.seen.is_due(coin, now_ns)

    def note(self, coin: Coin, now_ns: int, premium_bps: float) -> None:
        """Take note of a coin's premium, after what other processes have noted."""
        with self._lock:
            if not self.is_due(coin, now_ns):
                return
            self._learn(coin, now_ns)
            if self.is_due(coin, now_ns):
                self.seen.note(coin, now_ns, premium_bps)
                self.store.keep(coin, written_memory(self.seen.of(coin)))

    def level(self, coin: Coin, now_ns: int) -> PremiumLevel | None:
        """Return a coin's level, None where it is not known."""
        return self.seen.level(coin, now_ns)

    def why_not(self, coin: Coin, sign: int) -> str:
        """Return why a premium on that side of its level is not worth a trade, empty if it is."""
        return self.seen.why_not(coin, sign)

    def _learn(self, coin: Coin, now_ns: int) -> None:
        kept = read_memory(self.store.read(coin), self.seen.rules)
        own_ns = self.seen.of(coin).newest_ns
        if kept is not None and own_ns < kept.newest_ns <= now_ns:
            self.seen.memories[coin] = kept
