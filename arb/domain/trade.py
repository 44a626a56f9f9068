"""The life of a trade: two legs that open a pair, two that close it, and repairs in between.

A trade's state follows from its orders: while one of them may still execute it waits; when one leg has
more than the other it is repaired; when both are even it is open, closed or aborted.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arb.domain.book import sweep
from arb.domain.ids import Coin, SessionId, TradeId, Venue
from arb.domain.instrument import Side
from arb.domain.money import ZERO, bps, fraction
from arb.domain.order import AT_VENUE, Order, Purpose, State
from arb.domain.position import TradePosition, is_dust, trade_position
from arb.domain.spread import Direction, Market, edge, protective_price


class TradeState(StrEnum):
    """Where a trade is."""

    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    REPAIRING = "repairing"
    CLOSED = "closed"
    ABORTED = "aborted"  # nothing was filled
    HANDED_OVER = "handed_over"  # beyond its ceilings: an alarmed item for the operator


ENDED: Final = frozenset({TradeState.CLOSED, TradeState.ABORTED, TradeState.HANDED_OVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One decided opportunity and the pair that came of it."""

    trade_id: TradeId
    session_id: SessionId
    coin: Coin
    direction: Direction
    state: TradeState
    quantity: Decimal  # base intended on each venue
    notional_krw: Decimal  # at the decision
    entry_edge_bps: Decimal  # at the decision
    entry_premium_bps: Decimal
    opened_at_ns: int
    updated_at_ns: int
    repair_since_ns: int = 0  # when the first repair of the current imbalance was decided
    closed_at_ns: int = 0
    pnl_krw: Decimal = ZERO  # valued when the trade ended
    reason: str = ""  # why it was closed, aborted or handed over
    version: int = 0  # grows with every change: compare-and-set


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """When an open pair is closed. Basis points of the entry's notional, nanoseconds."""

    converged_bps: Decimal  # premium back within this of even
    take_profit_bps: Decimal
    stop_loss_bps: Decimal  # positive
    holding_ns_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRules:
    """The ceilings of an unwind."""

    time_ns_max: int  # then it is handed over
    loss_bps_max: Decimal  # of the imbalance's value, beyond the best price
    slip_bps: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """An order to be: what `settle` and the exits ask for."""

    venue: Venue
    side: Side
    purpose: Purpose
    quantity: Decimal
    limit_price: Decimal


@dataclass(frozen=True, slots=True)
class Wait:
    """Something of this trade may still execute, or the market needed to act is not there."""

    why: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Send one order that takes the imbalance away."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Become:
    """The trade is in this state now."""

    state: TradeState
    reason: str = ""


Settlement = Wait | Repair | Become


def settle(
    trade: Trade, orders: tuple[Order, ...], market: Market | None, rules: RepairRules, now_ns: int
) -> Settlement:
    """Return what comes next for a trade. `market` is None while its books are stale or missing."""
    if any(order.state in AT_VENUE or order.state is State.INTENT for order in orders):
        return Wait("order_working")
    if trade.state in ENDED:
        return Wait("ended")
    position = trade_position(orders)
    if position.imbalance == ZERO:
        return _even(trade, position)
    if market is None:
        return _late(trade, rules, now_ns) or Wait("market_unknown")
    if all(_is_dust(position.imbalance, market, venue) for venue in Venue):
        return _even(trade, position, market)
    return _late(trade, rules, now_ns) or _repair(position.imbalance, market, rules)


def _even(trade: Trade, position: TradePosition, market: Market | None = None) -> Become:
    """Return the state of a trade whose legs are even: open while a sendable pair is left."""
    left = position.hedged
    if market is not None and all(_is_dust(left, market, venue) for venue in Venue):
        left = ZERO
    if left > ZERO:
        return Become(TradeState.OPEN)
    touched = any(position.leg(venue).base or position.leg(venue).quote for venue in Venue)
    return Become(TradeState.CLOSED, trade.reason) if touched else Become(TradeState.ABORTED, "no_fill")


def _is_dust(quantity: Decimal, market: Market, venue: Venue) -> bool:
    return is_dust(quantity, market.book(venue).bid, market.instrument(venue))


def _late(trade: Trade, rules: RepairRules, now_ns: int) -> Become | None:
    if trade.repair_since_ns and now_ns - trade.repair_since_ns > rules.time_ns_max:
        return Become(TradeState.HANDED_OVER, "repair_time_ceiling")
    return None


def _repair(imbalance: Decimal, market: Market, rules: RepairRules) -> Settlement:
    """Return the cheaper of the two orders that even the legs: hedge more, or reverse.

    Long (imbalance > 0) is sold where selling brings most, short is bought where it costs least, after
    fees, at live depth. Beyond the loss ceiling it waits: the time ceiling hands it over.
    """
    side = Side.SELL if imbalance > ZERO else Side.BUY
    found = [leg for venue in Venue if (leg := _repair_leg(imbalance, side, market, venue, rules))]
    if not found:
        return Wait("repair_beyond_loss_ceiling")
    return Repair(max(found, key=lambda pair: pair[0])[1])


def _repair_leg(
    imbalance: Decimal, side: Side, market: Market, venue: Venue, rules: RepairRules
) -> tuple[Decimal, Leg] | None:
    """Return (KRW per base after the fee, signed so that more is better; the leg), or None."""
    instrument, book = market.instrument(venue), market.book(venue)
    quantity = instrument.round_quantity(abs(imbalance))
    levels = book.against(side)
    depth = sum((level.quantity for level in levels), ZERO)
    quantity = instrument.round_quantity(min(quantity, depth))
    if not instrument.accepts(quantity, book.bid):
        return None
    found = sweep(levels, quantity)
    if found is None or abs(bps(found.vwap - levels[0].price, levels[0].price)) > rules.loss_bps_max:
        return None
    fee = found.vwap * fraction(instrument.taker_fee_bps)
    value = -side.sign * market.krw(venue, found.vwap + side.sign * fee)
    price = protective_price(market, venue, side, found.worst_price, rules.slip_bps)
    return value, Leg(venue=venue, side=side, purpose=Purpose.REPAIR, quantity=quantity, limit_price=price)


def exit_reason(
    trade: Trade, position: TradePosition, market: Market, rules: ExitRules, now_ns: int
) -> str | None:
    """Return why an open pair should be closed now, or None to go on holding it."""
    closing = edge(market, trade.direction.opposite, position.hedged)
    if closing is None:
        return None
    base_price = market.krw(Venue.BINANCE, market.binance.mid)
    total = position.pnl_krw(market.rate.krw_per_usdt, base_price)
    # What is still held is valued at what closing it brings, not at the middle.
    held = position.upbit.base + position.binance.base
    total += closing.net_krw - held * base_price
    earned_bps = bps(total, trade.notional_krw)
    if earned_bps >= rules.take_profit_bps:
        return "take_profit"
    if earned_bps <= -rules.stop_loss_bps:
        return "stop_loss"
    if now_ns - trade.opened_at_ns >= rules.holding_ns_max:
        return "holding_time"
    sign = 1 if trade.direction is Direction.SELL_UPBIT else -1
    return "converged" if sign * market.premium_bps <= rules.converged_bps else None


def pair_legs(
    market: Market, direction: Direction, purpose: Purpose, quantity: Decimal, slip_bps: Decimal
) -> tuple[Leg, Leg] | None:
    """Return both legs of a pair at their protective prices, or None where a book holds less."""
    found = edge(market, direction, quantity)
    if found is None:
        return None
    upbit, binance = (
        Leg(
            venue=venue,
            side=direction.side(venue),
            purpose=purpose,
            quantity=quantity,
            limit_price=protective_price(
                market, venue, direction.side(venue), found.sweep(venue).worst_price, slip_bps
            ),
        )
        for venue in (Venue.UPBIT, Venue.BINANCE)
    )
    return upbit, binance
