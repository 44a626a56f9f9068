"""A leg that was escalated and stands alone: when it is taken up again, and who closed it by hand.

It is at risk until it is gone. The engine takes it up again by itself, each time after a longer pause, and
only where the books say that nobody has closed it meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.health.backoff import Backoff
from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO
from arb.domain.time import is_within
from arb.domain.trading.reserve import FEE_RESERVE
from arb.domain.trading.trade import Trade, TradeState

# A minute is what a repair had at first; an hour is short beside the day in which the operator looks.
PAUSES: Final = Backoff(first_ms=60_000, max_ms=3_600_000)
BY_HAND: Final = "closed_by_hand"
# The balance of its coin was changed by hand, but not by this leg: only the operator takes it up again.
TOUCHED: Final = "coin_moved_by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneLeg:
    """A trade that was escalated with a leg that nothing hedges, or one that was taken up again."""

    trade: Trade
    take_ups: int = 0

    @property
    def is_waiting(self) -> bool:
        """Tell whether nobody works on the leg."""
        return self.trade.state is TradeState.ESCALATED

    @property
    def known_since_ns(self) -> int:
        """Return since when a decision of the operator is one that knows of it.

        Once it was taken up it had been told of before, and the session was reduced for it then.
        """
        return self.trade.opened_at_ns if self.take_ups else self.trade.closed_at_ns

    def is_due(self, now_ns: int) -> bool:
        """Tell whether the engine may take it up again by itself, as far as time says."""
        if not self.is_waiting or self.trade.reason == TOUCHED:
            return False
        return not is_within(self.trade.closed_at_ns, now_ns, PAUSES.even_ns(self.take_ups))


def closed_by_hand(legs: Iterable[Trade], coin: Coin, difference: Decimal) -> tuple[Trade, ...]:
    """Return the trades whose legs were closed by what a venue has more of the coin than the ledger.

    Who sells a leg that is long leaves less of the coin than the ledger has, and who buys one that is short
    more, or a fee less than that. What the older ones leave of the difference closes the younger ones.
    """
    left, found = -difference, list[Trade]()
    for trade in sorted(legs, key=lambda trade: (trade.opened_at_ns, trade.trade_id)):
        is_its_way = trade.coin == coin and trade.residual * left > ZERO
        if is_its_way and abs(trade.residual) <= abs(left) * FEE_RESERVE:
            found.append(trade)
            left -= min(trade.residual, left, key=abs)
    return tuple(found)
