"""Which coins are worth a look while there is not time for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from arb.domain.health.degradation import FAR_PAUSE_NS, Degree, never_degraded
from arb.domain.market.ids import Coin


@dataclass(frozen=True, slots=True)
class CoinFilter:
    """Which coins are worth a look while the machine is short of something: near ones, and those held.

    Remembers, in one process, which coins were far when they were looked at last.
    """

    degree: Callable[[], Degree] = never_degraded
    _far_ns: dict[Coin, int] = field(default_factory=dict)

    def worth(self, coins: Sequence[Coin], now_ns: int) -> tuple[Coin, ...]:
        """Return the coins to look at now."""
        if self.degree() < Degree.NEAR:
            return tuple(coins)
        return tuple(coin for coin in coins if not 0 <= now_ns - self._far_ns.get(coin, 0) < FAR_PAUSE_NS)

    def note(self, coin: Coin, now_ns: int, *, far: bool) -> None:
        """Remember how a coin was."""
        if far:
            self._far_ns[coin] = now_ns
        else:
            self._far_ns.pop(coin, None)
