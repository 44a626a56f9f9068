"""What comes next for a trade after its orders; its state follows from them.

While one of them may still execute it waits, however long: nothing is repaired on a guess. When one leg has
more than the other it is repaired; when both are even it is open, closed or aborted. It always ends: repairs
are bounded in number, time and loss, and beyond that it is escalated.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ZERO
from arb.domain.market.spread import Market
from arb.domain.trading.coverage import imbalance_there, kept
from arb.domain.trading.exits import is_forgettable, is_sendable_pair
from arb.domain.trading.order import AT_VENUE, Order, OrderState
from arb.domain.trading.position import TradePosition, trade_position
from arb.domain.trading.reentry import Close
from arb.domain.trading.repair import Means, RepairRules, attempts, is_resting, is_unsendable, repair_leg
from arb.domain.trading.trade import ENDED, Leg, Trade, TradeKind, TradeState

REVERSED: Final = "reversed"  # what one leg had was taken back and no pair is left; older rows: "unwound"
VENUE_PAUSED: Final = "venue_paused"  # why a repair waits: the only venue that could do it asked for a pause


@dataclass(frozen=True, slots=True)
class Wait:
    """Something of this trade may still execute, or what is needed to act is not there."""

    why: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Send one order that takes the imbalance away."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Become:
    """The trade is in this state now; `residual` is the base that one leg has more than the other."""

    state: TradeState
    reason: str = ""
    residual: Decimal = ZERO


Settlement = Wait | Repair | Become


def is_working(orders: tuple[Order, ...]) -> bool:
    """Tell whether an order may still execute: sent, to be sent, or of unknown fate."""
    return any(order.state in AT_VENUE or order.state is OrderState.INTENT for order in orders)


def is_stale(trade: Trade, orders: tuple[Order, ...]) -> bool:
    """Tell whether the fills of a trade at rest are other ones than it was settled by."""
    return trade_position(orders).imbalance != trade.residual


def reopened(trade: Trade, now_ns: int) -> Trade:
    """Return a trade that was at rest as one whose legs are looked at again; its ceilings begin anew."""
    return replace(
        trade,
        state=TradeState.REPAIRING,
        reason="" if trade.state is TradeState.ESCALATED else trade.reason,
        residual=ZERO,
        pnl_krw=ZERO,
        closed_at_ns=0,
        updated_at_ns=now_ns,
        repair_since_ns=now_ns,
    )


def settle(
    trade: Trade, orders: tuple[Order, ...], means: Means, rules: RepairRules, now_ns: int
) -> Settlement:
    """Return what comes next for a trade."""
    if is_working(orders):
        return Wait("order_working")
    if trade.state in ENDED:
        return Wait("ended")
    position, market = trade_position(orders), means.market
    whole = None if market is None else market.whole  # what is left of a pair is closed on both venues
    there = imbalance_there(position)
    if there == ZERO:
        return _even(trade, position, whole)
    if market is not None and is_forgettable(there, market) and is_unsendable(there, market, rules):
        return _even(trade, position, whole)
    return _uneven(trade, orders, position.imbalance, means, rules, now_ns)


def _even(trade: Trade, position: TradePosition, market: Market | None) -> Become:
    """Return the state of a trade whose legs are even: open while a pair is left that is worth closing.

    An exchange is done with what both legs have, whatever there is of it.
    One that no venue takes any more, and that is worth something, stays open: it is closed when it can be.
    """
    residual = position.imbalance
    left = position.hedged - kept(position)
    if left > ZERO and trade.kind is TradeKind.EXCHANGE:
        return Become(TradeState.CLOSED, Close.EXCHANGED, residual)
    if left > ZERO and (market is None or not is_over(left, market)):
        return Become(TradeState.OPEN, "", residual)
    if any(leg.base or leg.quote for leg in position.legs.values()):
        return Become(TradeState.CLOSED, trade.reason or REVERSED, residual)
    return Become(TradeState.ABORTED, "no_fill")


def is_over(hedged: Decimal, market: Market) -> bool:
    """Tell whether what is left of a pair is dust: too small to be sent, and to be missed."""
    return not is_sendable_pair(hedged, market) and is_forgettable(hedged, market)


def _uneven(
    trade: Trade,
    orders: tuple[Order, ...],
    imbalance: Decimal,
    means: Means,
    rules: RepairRules,
    now_ns: int,
) -> Settlement:
    """Return the next repair, or escalate once a ceiling is reached."""
    if attempts(trade, orders) >= rules.attempts_max:
        return Become(TradeState.ESCALATED, "repair_attempts", imbalance)
    deadline_ns = trade.repair_since_ns + rules.time_ns_max if trade.repair_since_ns else 0
    is_late = 0 < deadline_ns < now_ns
    # One more try past the ceiling: what kept us waiting may have been an answer from the venue.
    if is_late and any(order.created_at_ns > deadline_ns for order in orders):
        return Become(TradeState.ESCALATED, "repair_time_ceiling", imbalance)
    why = "market_unknown"
    if means.market is not None:
        leg = repair_leg(trade, orders, imbalance, means.market, means.free, rules, means.paused)
        rested = is_late or not is_resting(orders, now_ns)
        if leg is not None and rested:
            return Repair(leg)
        why = "repair_pause" if leg is not None else "repair_beyond_ceilings"
        if leg is None and repair_leg(trade, orders, imbalance, means.market, means.free, rules):
            return Wait(VENUE_PAUSED)  # past the time ceiling, too: when it ends is known
    if is_late:
        return Become(TradeState.ESCALATED, "repair_time_ceiling", imbalance)
    return Wait(why)
