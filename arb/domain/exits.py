"""When an open pair is closed, and how much of it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.ids import Venue
from arb.domain.money import ZERO, bps, floor_to
from arb.domain.position import TradePosition, is_dust
from arb.domain.spread import Direction, Market, edge
from arb.domain.trade import Trade

LIMIT_SLACK: Final = Decimal("0.98")  # minimums hold at the limit price, which may be below the best bid


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """When an open pair is closed. Basis points of the entry's notional, nanoseconds."""

    converged_bps: Decimal  # premium back within this of even
    take_profit_bps: Decimal
    stop_loss_bps: Decimal  # positive
    holding_ns_max: int


def exit_quantity(trade: Trade, position: TradePosition, market: Market) -> Decimal:
    """Return how much of the pair both venues take now: all of it, or as much as their books show.

    0 where nothing can be sent: what is left is below a minimum, or a book is too thin for one.
    """
    closing = trade.direction.opposite
    depths = [
        sum((level.quantity for level in market.book(venue).against(closing.side(venue))), ZERO)
        for venue in Venue
    ]
    ceilings = [market.instrument(venue).quantity_max for venue in Venue]
    step = max(market.instrument(venue).lot_step for venue in Venue)
    quantity = floor_to(min(position.hedged, *depths, *ceilings), step)
    return quantity if is_sendable_pair(quantity, market) else ZERO


def is_sendable_pair(quantity: Decimal, market: Market) -> bool:
    """Tell whether both venues take an order of this size; else the pair is dust: hedged, and booked."""
    return not any(
        is_dust(quantity, market.book(venue).bid * LIMIT_SLACK, market.instrument(venue)) for venue in Venue
    )


def exit_reason(
    trade: Trade,
    position: TradePosition,
    quantity: Decimal,
    market: Market,
    rules: ExitRules,
    now_ns: int,
) -> str | None:
    """Return why `quantity` of an open pair should be closed now, or None to go on holding it.

    The rest of the pair is valued at what closing `quantity` brings.
    """
    closing = edge(market, trade.direction.opposite, quantity)
    if closing is None:
        return None
    base_price = market.krw(Venue.BINANCE, market.binance.mid)
    total = position.pnl_krw(market.rate.krw_per_usdt, base_price)
    # What is still held is valued at what closing it brings, not at the middle.
    held = position.upbit.base + position.binance.base
    total += closing.net_krw * position.hedged / quantity - held * base_price
    earned_bps = bps(total, trade.notional_krw)
    if earned_bps >= rules.take_profit_bps:
        return "take_profit"
    if earned_bps <= -rules.stop_loss_bps:
        return "stop_loss"
    if now_ns - trade.opened_at_ns >= rules.holding_ns_max:
        return "holding_time"
    sign = 1 if trade.direction is Direction.SELL_UPBIT else -1
    return "converged" if sign * market.premium_bps <= rules.converged_bps else None
