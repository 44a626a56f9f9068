"""How much of an open pair is closed, how its exits went so far, and what it has earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.health.backoff import Backoff
from arb.domain.market.halves import Tradable, base_price_krw
from arb.domain.market.money import ZERO, bps, ceil_to, floor_to
from arb.domain.market.spread import Market, edge
from arb.domain.time import NS_PER_S, is_within
from arb.domain.trading.order import Order, Purpose
from arb.domain.trading.position import TradePosition, is_dust
from arb.domain.trading.trade import Trade

CONVERGED: Final = "converged"
STOP_LOSS: Final = "stop_loss"  # why a pair is closed, and cannot wait for better venues
LIMIT_SLACK: Final = Decimal("0.98")  # minimums hold at the limit price, which may be below the best bid
PAUSES: Final = Backoff(first_ms=1_000, max_ms=900_000)  # after exits that left a leg alone
STOP_LOSS_REST_NS: Final = 60 * NS_PER_S  # a small exit in vain costs its fees; a minute later it may be none
PROBED_FROM: Final = 2  # exits that left a leg alone; then the next one is as small as can be
# What both venues reject by their usual minimums, 5,000 KRW and 5 USDT, with room for the rate and the limit.
DUST_KRW_MAX: Final = Decimal(10_000)
PROBE: Final = 2  # times the venues' minimums, so that a leg of it that stays alone can be sent as well
GROWTH: Final = 10  # times the newest exit that went through


@dataclass(frozen=True, slots=True, kw_only=True)
class Exits:
    """How the exits of a trade went so far.

    One of which a single leg executed leaves that leg alone, and a repair pays to undo it. Whatever made the
    other venue reject, money that is not there or a market that it closed, will do so again.
    """

    lone: int  # how many left a leg alone
    lone_at_ns: int  # when the newest of them was decided
    newest: Decimal  # base that both legs of the newest exit executed
    forgiven: int = 0  # lone ones before the newest that both legs executed


def exits_so_far(orders: Sequence[Order]) -> Exits:
    """Return how the exits among a trade's orders went; none of them may still execute."""
    pairs: dict[int, list[Decimal]] = {}
    for order in orders:
        if order.purpose is Purpose.EXIT:
            pairs.setdefault(order.created_at_ns, []).append(order.filled_quantity)
    lone = [at_ns for at_ns, filled in pairs.items() if min(filled) == ZERO < max(filled)]
    whole_ns = max((at_ns for at_ns, filled in pairs.items() if min(filled) > ZERO), default=0)
    return Exits(
        lone=len(lone),
        lone_at_ns=max(lone, default=0),
        newest=min(pairs[max(pairs)]) if pairs else ZERO,
        forgiven=sum(at_ns < whole_ns for at_ns in lone),
    )


def is_resting(exits: Exits, now_ns: int, reason: str = "") -> bool:
    """Tell whether the next exit has to wait; a stop-loss is soon tried again, small."""
    in_a_row = exits.lone - exits.forgiven
    if in_a_row == 0:
        return False
    rest_ns = PAUSES.even_ns(in_a_row - 1)
    if reason == STOP_LOSS:
        rest_ns = min(rest_ns, STOP_LOSS_REST_NS)
    return is_within(exits.lone_at_ns, now_ns, rest_ns)


def cautious(wanted: Decimal, position: TradePosition, exits: Exits, market: Market) -> Decimal:
    """Return how much of an exit to try: little of it while exits leave legs alone, then more each time.

    What would leave a rest that no venue takes is tried whole.
    """
    if exits.lone < PROBED_FROM:
        return wanted
    step = max(market.instrument(venue).lot_step for venue in market.venues)
    return _part(wanted, max(smallest_pair(market), floor_to(exits.newest * GROWTH, step)), position, market)


def probing(wanted: Decimal, position: TradePosition, market: Market) -> Decimal:
    """Return as little of an exit as finds out whether the venues take it; see `cautious`."""
    return _part(wanted, smallest_pair(market), position, market)


def _part(wanted: Decimal, size: Decimal, position: TradePosition, market: Market) -> Decimal:
    return size if size < wanted and is_sendable_pair(position.hedged - size, market) else wanted


def smallest_pair(market: Market) -> Decimal:
    """Return the least that both venues take, with room for the leg of it that may have to be evened."""
    step, least = max(market.instrument(venue).lot_step for venue in market.venues), ZERO
    for venue in market.venues:
        instrument, price = market.instrument(venue), market.book(venue).bid * LIMIT_SLACK
        least = max(least, instrument.quantity_min, instrument.notional_min / price)
    return ceil_to(PROBE * least, step)


def exit_quantity(trade: Trade, position: TradePosition, market: Market) -> Decimal:
    """Return how much of the pair both venues take now: all of it, or as much as their books show.

    0 where nothing can be sent: what is left is below a minimum, or a book is too thin for one.
    """
    closing = trade.direction.opposite
    depths = [
        sum((level.quantity for level in market.book(venue).against(closing.side(venue))), ZERO)
        for venue in market.venues
    ]
    ceilings = [market.instrument(venue).quantity_max for venue in market.venues]
    step = max(market.instrument(venue).lot_step for venue in market.venues)
    quantity = floor_to(min(position.hedged, *depths, *ceilings), step)
    return quantity if is_sendable_pair(quantity, market) else ZERO


def is_sendable_pair(quantity: Decimal, market: Market) -> bool:
    """Tell whether both venues take an order of this size; else the pair is dust: hedged, and booked."""
    return not any(
        is_dust(quantity, market.book(venue).bid * LIMIT_SLACK, market.instrument(venue))
        for venue in market.venues
    )


def is_forgettable(quantity: Decimal, market: Tradable) -> bool:
    """Tell whether what no venue takes is so little that it is only booked.

    A minimum or a lot that grows while a pair is open makes it unsendable, and no less worth.
    """
    return abs(quantity) * base_price_krw(market) <= DUST_KRW_MAX


def earned_bps(trade: Trade, position: TradePosition, quantity: Decimal, market: Market) -> Decimal:
    """Return what the pair has earned once it is closed, all of it at what closing `quantity` brings.

    Fees that were taken in the coin are valued at the price that the coin is traded at then.
    """
    closing = edge(market, trade.direction.opposite, quantity)
    if closing is None:
        return ZERO
    second = market.pair.second
    base_price = market.krw(second, closing.legs[second].vwap)
    total = position.pnl_krw(market.pair, market.rate.krw_per_usdt, base_price)
    total += closing.net_krw * position.hedged / quantity - position.imbalance * base_price
    return bps(total, trade.notional_krw)
