"""Request weight per minute and unfilled orders per 10 s and day, in Binance's fixed windows.

Going over answers 429 with Retry-After; calling on regardless ends in 418 and a ban. An order that
gets a fill is taken off the order counts again.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.binance.errors import BinanceError
from arb.sim.binance.symbols import ORDERS_10S_LIMIT, ORDERS_DAY_LIMIT, WEIGHT_LIMIT
from arb.sim.core.context import WallClock

STUBBORN_CALLS_MAX: Final = 20  # rejected calls in one window before the ban
BAN_S: Final = 120
DAY_S: Final = 86_400


@dataclass(slots=True, kw_only=True)
class _Window:
    """A counter that starts over at every multiple of its length."""

    length_s: int
    limit: int
    count: int = 0
    number: int = field(default=-1)

    def roll(self, now_ns: int) -> None:
        """Start over if a new window has begun."""
        number = now_ns // (self.length_s * NS_PER_S)
        if number != self.number:
            self.number, self.count = number, 0

    def left_s(self, now_ns: int) -> int:
        """Return the whole seconds until the next window, at least one."""
        length_ns = self.length_s * NS_PER_S
        return max((length_ns - now_ns % length_ns) // NS_PER_S, 1)


class LimitSwitches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may change about the limits while the venue runs."""

    weight_per_minute: int = WEIGHT_LIMIT
    orders_per_10s: int = ORDERS_10S_LIMIT


class WeightLimits:
    """The counters of the one client address and account there is."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._weight = _Window(length_s=60, limit=WEIGHT_LIMIT)
        self._refused = _Window(length_s=60, limit=STUBBORN_CALLS_MAX)
        self._orders = (
            _Window(length_s=10, limit=ORDERS_10S_LIMIT),
            _Window(length_s=DAY_S, limit=ORDERS_DAY_LIMIT),
        )
        self._banned_until_ns = 0

    def replace(self, switches: LimitSwitches) -> None:
        """Put other limits in force; what is counted stays counted."""
        self._weight.limit = switches.weight_per_minute
        self._orders[0].limit = switches.orders_per_10s

    def charge(self, weight: int) -> None:
        """Count a request; raises -1003 with 429 over the limit and 418 while banned."""
        now_ns = self._clock.now_ns()
        for window in (self._weight, self._refused):
            window.roll(now_ns)
        if now_ns < self._banned_until_ns:
            raise self._ban_error(now_ns)
        self._weight.count += weight
        if self._weight.count <= self._weight.limit:
            return
        self._refused.count += 1
        if self._refused.count > self._refused.limit:
            self._banned_until_ns = now_ns + BAN_S * NS_PER_S
            raise self._ban_error(now_ns)
        text = (
            f"Too much request weight used; current limit is {self._weight.limit} request weight "
            "per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
        )
        raise BinanceError(-1003, text, status=429, retry_after_s=self._weight.left_s(now_ns))

    def charge_back(self, weight: int) -> None:
        """Take back what a request was charged: one that placed or canceled costs nothing."""
        self._weight.count = max(self._weight.count - weight, 0)

    def check_orders(self) -> None:
        """Let a new order pass; raises -1015 over the limit."""
        now_ns = self._clock.now_ns()
        for window, words in zip(self._orders, ("10 SECOND", "1 DAY"), strict=True):
            window.roll(now_ns)
            if window.count >= window.limit:
                text = f"Too many new orders; current limit is {window.limit} orders per {words}."
                raise BinanceError(-1015, text, status=429, retry_after_s=window.left_s(now_ns))

    def count_order(self) -> None:
        """Count an order that was placed."""
        for window in self._orders:
            window.roll(self._clock.now_ns())
            window.count += 1

    def order_traded(self) -> None:
        """Take an order that got its first fill off the counts."""
        for window in self._orders:
            window.roll(self._clock.now_ns())
            window.count = max(window.count - 1, 0)

    def weight_headers(self) -> dict[str, str]:
        """Return the headers of every answer."""
        used = str(self._weight.count)
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def order_headers(self) -> dict[str, str]:
        """Return the further headers of an order's answer."""
        ten_seconds, day = self._orders
        return {"X-MBX-ORDER-COUNT-10S": str(ten_seconds.count), "X-MBX-ORDER-COUNT-1D": str(day.count)}

    def order_counts(self) -> list[dict[str, Any]]:
        """Return the unfilled order counts as rateLimit/order shows them."""
        ten_seconds, day = self._orders
        for window in self._orders:
            window.roll(self._clock.now_ns())
        return [
            _row("ORDERS", "SECOND", 10, ten_seconds),
            _row("ORDERS", "DAY", 1, day),
        ]

    def weight_row(self) -> dict[str, Any]:
        """Return the weight count as WebSocket API answers show it."""
        return _row("REQUEST_WEIGHT", "MINUTE", 1, self._weight)

    def _ban_error(self, now_ns: int) -> BinanceError:
        until_ms = self._banned_until_ns // NS_PER_MS
        text = f"Way too much request weight used; IP banned until {until_ms}."
        left_s = max((self._banned_until_ns - now_ns) // NS_PER_S, 1)
        return BinanceError(-1003, text, status=418, retry_after_s=left_s)


def _row(kind: str, interval: str, number: int, window: _Window) -> dict[str, Any]:
    return {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": window.limit,
        "count": window.count,
    }
