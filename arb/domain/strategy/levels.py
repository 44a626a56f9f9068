"""The levels of all coins, and whether what leaves them is worth a trade.

What one coin shows counts for the others: venues, and who trades there, are the same. What a coin shows
against it counts for itself alone.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

from arb.domain.market.ids import Coin
from arb.domain.strategy.premium import SD_LEAST_BPS, LevelRules, PremiumLevel, PremiumMemory

STAYS_AWAY: Final = "premium_away"  # for longer than what comes back
FLICKERS: Final = "premium_flickers"  # gone at the next look, or not yet known to stay
NO_RETURN: Final = "premium_returns"  # not, or not yet known to
STANDS_OWN, STANDS_ALL = 2, 6
RETURNS_ALL: Final = 3


class Levels(Protocol):
    """What is known of premiums."""

    def is_due(self, coin: Coin, now_ns: int) -> bool:
        """Tell whether a look at a coin would be noted."""

    def note(self, coin: Coin, now_ns: int, premium_bps: float) -> None:
        """Take note of a coin's premium."""

    def level(self, coin: Coin, now_ns: int) -> PremiumLevel | None:
        """Return a coin's level, None where it is not known."""

    def why_not(self, coin: Coin, sign: int) -> str:
        """Return why a premium on that side of its level is not worth a trade, empty if it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedLevels:
    """Levels that somebody vouches for until they are known: of a market that is simulated.

    Nobody is asked whether premiums stand and come back.
    """

    seen: Levels
    bps: float

    def is_due(self, coin: Coin, now_ns: int) -> bool:
        """Tell whether a look at a coin would be noted."""
        return self.seen.is_due(coin, now_ns)

    def note(self, coin: Coin, now_ns: int, premium_bps: float) -> None:
        """Take note of a coin's premium."""
        self.seen.note(coin, now_ns, premium_bps)

    def level(self, coin: Coin, now_ns: int) -> PremiumLevel | None:
        """Return a coin's level, the assumed one where it is not known."""
        assumed = PremiumLevel(bps=self.bps, sd_bps=SD_LEAST_BPS, margin_bps=0.0)
        return self.seen.level(coin, now_ns) or assumed

    def why_not(self, _coin: Coin, _sign: int) -> str:
        """Return that every premium is worth a trade."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLevels:
    """The levels by what one process has seen."""

    rules: LevelRules
    memories: dict[Coin, PremiumMemory] = field(default_factory=dict)

    def of(self, coin: Coin) -> PremiumMemory:
        """Return the memory of a coin's premium, a new one if there is none."""
        found = self.memories.get(coin)
        if found is None:
            found = self.memories[coin] = PremiumMemory(rules=self.rules)
        return found

    def is_due(self, coin: Coin, now_ns: int) -> bool:
        """Tell whether a look at a coin would be noted."""
        return self.of(coin).is_due(now_ns)

    def note(self, coin: Coin, now_ns: int, premium_bps: float) -> None:
        """Take note of a coin's premium."""
        self.of(coin).note(now_ns, premium_bps)

    def level(self, coin: Coin, now_ns: int) -> PremiumLevel | None:
        """Return a coin's level, None where it is not known."""
        return self.of(coin).level(now_ns)

    def why_not(self, coin: Coin, sign: int) -> str:
        """Return why a premium on that side of its level is not worth a trade, empty if it is."""
        own = self.of(coin)
        if own.is_away_for_long(sign):
            return STAYS_AWAY
        stand = sum(each.stands for each in self.memories.values())
        if min(own.stands, stand) < 0 or (own.stands < STANDS_OWN and stand < STANDS_ALL):
            return FLICKERS
        returned = sum(each.returns for each in self.memories.values())
        return NO_RETURN if own.returns < 0 or returned < RETURNS_ALL else ""
