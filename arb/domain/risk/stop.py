"""An emergency stop that is under way: the session is halted, and the stack ends once nothing is out.

It lasts as long as an order is out or of unknown fate or a leg is uneven, and is kept outside the processes,
so that whichever lives goes on with it. Pure. A span that seems to lie ahead of now is over: a clock was set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_MINUTE, NS_PER_S, is_within
from arb.domain.trading.order import Order
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade

FIRST_NS: Final = 30 * NS_PER_S  # what settles in this time is no wait worth telling of
KEPT_NS: Final = 20 * NS_PER_S  # a process that tends it and gives no sign for longer has died
STARTING_NS: Final = 10 * NS_PER_MINUTE  # a start waits 120 s for workers and a minute for each other thing
ENDING_NS: Final = NS_PER_MINUTE  # a supervisor that was asked to stop everything takes up to this long
LINES_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One emergency stop. Moments are 0 until they come."""

    session_id: SessionId
    reason: str  # as the mode's reason says it
    began_ns: int
    halted: bool = False  # the session's mode says so; who lets it trade again ends the stop
    waits_for: tuple[str, ...] = ()
    told: int = 0  # how often somebody was told that it waits
    told_ns: int = 0
    keeper: str = ""  # the process that tends it
    kept_ns: int = 0
    starting_ns: int = 0  # a stack that starts goes on with it, and does not end meanwhile
    ending_ns: int = 0  # everything was settled, and the stack asked to end

    def is_free(self, keeper: str, now_ns: int) -> bool:
        """Tell whether this process may tend it: nobody else does, and it does not end already."""
        if self.ending_ns and is_within(self.ending_ns, now_ns, ENDING_NS):
            return False
        return self.keeper in ("", keeper) or not is_within(self.kept_ns, now_ns, KEPT_NS)

    def may_end(self, now_ns: int) -> bool:
        """Tell whether the stack may end once everything is settled."""
        starts = self.starting_ns and is_within(self.starting_ns, now_ns, STARTING_NS)
        return self.halted and not starts

    def is_due(self, now_ns: int, repeat_ns: int) -> bool:
        """Tell whether somebody has to be told (again) that it waits."""
        if self.told:
            return not is_within(self.told_ns, now_ns, repeat_ns)
        return not is_within(self.began_ns, now_ns, FIRST_NS)

    def tell(self, now_ns: int) -> "Stop":
        """Return the stop after an alert about it was sent."""
        return replace(self, told=self.told + 1, told_ns=now_ns)


def order_line(order: Order) -> str:
    """Return what is waited for: an order of which the venue has not said how it ended."""
    since_ns = order.claimed_at_ns or order.created_at_ns
    return (
        f"{order.venue}: {order.side} {order.quantity:f} {order.symbol} is {order.state} since "
        f"{_second(since_ns)}, order {order.client_order_id}"
    )


def trade_line(trade: Trade, orders: Iterable[Order]) -> str:
    """Return what is waited for: a trade whose legs are not settled."""
    since_ns = trade.repair_since_ns or trade.updated_at_ns
    return (
        f"{trade_position(orders).imbalance:+f} {trade.coin} of trade {trade.trade_id} over both venues is "
        f"{trade.state} since {_second(since_ns)}"
    )


def some(lines: Iterable[str]) -> tuple[str, ...]:
    """Return as many lines as an alert can hold."""
    found = tuple(lines)
    more = len(found) - LINES_MAX
    return (*found[:LINES_MAX], f"and {more} more") if more > 0 else found


def waiting_text(stop: Stop) -> str:
    """Return what somebody is told of a stop that waits."""
    return (
        f"the session is halted since {_second(stop.began_ns)} ({stop.reason}) and the stack ends by itself "
        f"once nothing is out any more; it waits for {'; '.join(stop.waits_for)}. Look at the venue's status "
        "page and `arb orders`; `arb kill` escalates what can be, `arb mode normal` trades on, `arb down` "
        "leaves it as it is"
    )


def _second(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
