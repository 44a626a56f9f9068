"""What the coins on the account were bought for, on average: `avg_buy_price` of /v1/accounts.

Buying mixes prices by volume, selling leaves the average alone, and with the last coin sold it is 0 again.
What was there from the beginning, or came from outside, was not bought.
"""

from collections.abc import Iterable
from decimal import Decimal

from arb.sim.core.events import OrderFilled
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO, OrderSide


class Averages:
    """Volume and cost of what was bought and is still there, by coin."""

    def __init__(self, past: Iterable[Recorded]) -> None:
        self._bought: dict[str, tuple[Decimal, Decimal]] = {}
        for recorded in past:
            self.follow(recorded)

    def of(self, coin: str) -> Decimal:
        """Return KRW per coin; 0 where nothing was bought."""
        volume, cost = self._bought.get(coin, (ZERO, ZERO))
        return cost / volume if volume else ZERO

    def follow(self, recorded: Recorded) -> None:
        """Take one event into account. Listens to the engine."""
        fill = recorded.event
        if not isinstance(fill, OrderFilled):
            return
        volume, cost = self._bought.get(fill.coin, (ZERO, ZERO))
        if fill.side is OrderSide.BUY:
            self._bought[fill.coin] = volume + fill.quantity, cost + fill.price * fill.quantity
        elif fill.quantity >= volume:
            self._bought.pop(fill.coin, None)
        else:
            self._bought[fill.coin] = volume - fill.quantity, cost * (1 - fill.quantity / volume)
