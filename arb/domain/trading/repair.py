"""The one order that takes an imbalance away: hedge more or reverse, whichever brings more at live depth.

It needs the book of the venue where it trades and no other: while one venue is gone the leg is repaired on
the one that is left. A venue that has just failed an order of this trade comes after the other one.

A repair takes what the book shows within the loss ceiling, what the free balance pays for, and never more
than the imbalance. What a trade's repairs cost together is bounded by what was reserved when it was opened.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.health.backoff import Backoff
from arb.domain.market.book import Level, sweep
from arb.domain.market.halves import Tradable
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import BPS, ONE, ZERO, bps, fraction
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Rate, limit_price
from arb.domain.time import is_within
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.domain.trading.position import is_dust
from arb.domain.trading.reserve import FEE_RESERVE
from arb.domain.trading.trade import Leg, Trade

Free = Mapping[tuple[Venue, str], Decimal]  # (venue, asset) -> balance minus holds
PAUSES: Final = Backoff(first_ms=100, max_ms=2_000)  # between repairs that executed nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRules:
    """The ceilings of a repair."""

    time_ns_max: int  # then it is escalated
    loss_bps_max: Decimal  # of the imbalance's value, beyond the best price
    slip_bps: Decimal
    attempts_max: int  # repairs of one imbalance
    failures_max: int  # that found no price in a row at a venue, then the other one is tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a repair can be made with. `market` is None while no venue has a book that is fresh."""

    market: Tradable | None
    free: Free
    paused: frozenset[Venue] = frozenset()  # venues that asked to be left alone now


@dataclass(frozen=True, slots=True)
class _Offer:
    leg: Leg
    worth: Decimal  # KRW per base after the fee, signed so that more is better


def repair_leg(
    trade: Trade,
    orders: Sequence[Order],
    imbalance: Decimal,
    market: Tradable,
    free: Free,
    rules: RepairRules,
    paused: Collection[Venue] = (),
) -> Leg | None:
    """Return the order that takes the imbalance away best, or None if none is within the ceilings.

    None is sent to a venue that is `paused`.
    """
    budget_krw = trade.loss_reserve_krw - trade.rate_reserve_krw - spent_krw(orders, market)
    found = [
        _offer(imbalance, market, venue, free, budget_krw, rules)
        for venue in market.venues
        if venue not in paused
    ]
    offers = [offer for offer in found if offer is not None]

    def rank(offer: _Offer) -> tuple[int, Decimal]:
        return -_distrust(orders, offer.leg.venue, rules), offer.worth

    return max(offers, key=rank).leg if offers else None


def _distrust(orders: Sequence[Order], venue: Venue, rules: RepairRules) -> int:
    """Return how far a venue comes behind the other one for what it has just done to this trade's orders.

    An order that never arrived counts at once, be it an entry, an exit or a repair: the next one would wait
    as long for the same answer. So does a repair that was rejected; of an entry or exit that was, the leg may
    still be had by a corrected order. Repairs that only found no price count once there were several.
    """
    failed = 0
    for order in reversed(orders):
        if order.venue is not venue:
            continue
        if not _is_failed(order):
            break
        failed += 1
    found_no_price = max(0, failures(orders, venue) - failed)
    return failed + found_no_price // rules.failures_max


def _is_failed(order: Order) -> bool:
    """Tell whether the venue did not take it at all: rejected, paused, timed out, or it never arrived.

    One that found no price ends as expired, too, but the venue has given it a number.
    """
    is_rejected = order.state is OrderState.REJECTED and order.purpose is Purpose.REPAIR
    is_lost = order.state is OrderState.EXPIRED and order.venue_order_id is None
    return (is_rejected or is_lost) and not order.fills


def is_unsendable(imbalance: Decimal, market: Tradable, rules: RepairRules) -> bool:
    """Tell whether no venue takes an order of this size at the worst price it may get: it is dust.

    A venue whose rules are not known may take it. One without a book is judged by the other one's price.
    """
    return all(_is_unsendable_at(venue, imbalance, market, rules) for venue in market.pair.venues)


def _is_unsendable_at(venue: Venue, imbalance: Decimal, market: Tradable, rules: RepairRules) -> bool:
    instrument = market.rules_of(venue)
    return instrument is not None and is_dust(imbalance, _worst_bid(market, venue, rules), instrument)


def decided_rate(trade: Trade, orders: Sequence[Order], pair: Pair) -> Rate | None:
    """Return the rate that a trade was decided at, nearly: the last resort where none can be had.

    Its notional is what the bought leg costs in KRW, and the second venue's entry what that is in USDT. Good
    to the slip of a limit and a fee, which is enough to hold a loss against its ceiling.
    """
    for order in orders:
        if order.purpose is Purpose.ENTRY and order.venue is pair.second and trade.notional_krw > ZERO:
            krw = trade.notional_krw
            if trade.direction.buy_on is pair.first:
                krw /= ONE + trade.entry_premium_bps / BPS
            return Rate(krw_per_usdt=krw / (trade.quantity * order.limit_price), ts_recv_ns=0)
    return None


def attempts(trade: Trade, orders: Sequence[Order]) -> int:
    """Return how many repairs of the current imbalance were decided."""
    if not trade.repair_since_ns:
        return 0
    return sum(order.created_at_ns >= trade.repair_since_ns for order in _repairs(orders))


def failures(orders: Sequence[Order], venue: Venue | None = None) -> int:
    """Return how many of the newest repairs, at one venue or at any, executed nothing in a row."""
    count = 0
    for order in reversed(_repairs(orders)):
        if venue is not None and order.venue is not venue:
            continue
        if order.fills:
            break
        count += 1
    return count


def is_resting(orders: Sequence[Order], now_ns: int) -> bool:
    """Tell whether the next repair has to wait: books that just moved away need a moment."""
    failed = failures(orders)
    return failed > 0 and is_within(_repairs(orders)[-1].created_at_ns, now_ns, PAUSES.even_ns(failed - 1))


def spent_krw(orders: Sequence[Order], market: Tradable) -> Decimal:
    """Return what the repairs cost so far: what was paid beyond their best fills, and the fees."""
    spent = ZERO
    for order in _repairs(orders):
        if order.fills:
            notional = sum((fill.quantity * fill.price for fill in order.fills), ZERO)
            pick = min if order.side is Side.BUY else max
            best = pick(fill.price for fill in order.fills)
            spent += _cost_krw(market, order.venue, order.filled_quantity, notional, best)
    return spent


def _repairs(orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if order.purpose is Purpose.REPAIR]


def _cost_krw(
    market: Tradable, venue: Venue, quantity: Decimal, notional: Decimal, best_price: Decimal
) -> Decimal:
    rules = [market.rules_of(venue) or market.instrument(other) for other in market.venues]
    fee = notional * fraction(max(each.taker_fee_bps for each in rules))
    return market.krw(venue, abs(notional - quantity * best_price) + fee)


def _worst_bid(market: Tradable, venue: Venue, rules: RepairRules) -> Decimal:
    """Return the lowest price that a repair may ask for: the venues' minimums hold at the limit price."""
    if venue in market.venues:
        bid = market.book(venue).bid
    else:
        there = market.venues[0]
        bid = market.krw(there, market.book(there).bid) / market.krw(venue, ONE)
    return bid * (ONE - fraction(rules.loss_bps_max + rules.slip_bps))


def _offer(
    imbalance: Decimal, market: Tradable, venue: Venue, free: Free, budget_krw: Decimal, rules: RepairRules
) -> _Offer | None:
    """Return what this venue takes of the imbalance within the ceilings, or None."""
    side = Side.SELL if imbalance > ZERO else Side.BUY
    instrument = market.instrument(venue)
    levels = _reach(market.book(venue).against(side), rules.loss_bps_max)
    depth = sum((level.quantity for level in levels), ZERO)
    paid_for = _paid_for(market, venue, side, levels, free, rules)
    quantity = instrument.round_quantity(min(abs(imbalance), depth, paid_for))
    found = sweep(levels, quantity)
    if found is None or not instrument.tradable:
        return None
    price = limit_price(instrument, side, found.worst_price, rules.slip_bps)
    if not instrument.accepts(quantity, min(price, _worst_bid(market, venue, rules))):
        return None
    if _cost_krw(market, venue, quantity, found.notional, levels[0].price) > budget_krw:
        return None
    fee = found.vwap * fraction(instrument.taker_fee_bps)
    worth = -side.sign * market.krw(venue, found.vwap + side.sign * fee)
    leg = Leg(venue=venue, side=side, purpose=Purpose.REPAIR, quantity=quantity, limit_price=price)
    return _Offer(leg, worth)


def _reach(levels: Sequence[Level], loss_bps_max: Decimal) -> tuple[Level, ...]:
    """Return the levels that are not further from the best one than the loss ceiling."""
    best = levels[0].price
    return tuple(level for level in levels if abs(bps(level.price - best, best)) <= loss_bps_max)


def _paid_for(
    market: Tradable, venue: Venue, side: Side, levels: Sequence[Level], free: Free, rules: RepairRules
) -> Decimal:
    """Return how much base the venue's free balance sells, or pays for at the dearest price in reach."""
    instrument = market.instrument(venue)
    if side is Side.SELL:
        return max(ZERO, free.get((venue, instrument.base), ZERO))
    dearest = levels[-1].price * (ONE + fraction(rules.slip_bps)) * FEE_RESERVE
    return max(ZERO, free.get((venue, instrument.quote), ZERO)) / dearest
