"""A trade with one leg more than the other is repaired in time, or escalated with an alarm."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from arb.check.history import EngineHistory, Invariant, VenueHistory, Violation
from arb.domain.health.alert import AlertKind
from arb.domain.market.ids import TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.trading.coverage import imbalance_there, kept
from arb.domain.trading.lone_leg import BY_HAND
from arb.domain.trading.order import Order
from arb.domain.trading.position import is_dust, trade_position
from arb.domain.trading.trade import ENDED, Trade, TradeKind, TradeState

GRACE_NS: Final = 15_000_000_000  # orders in flight, and the sweep that finds what no message moved
PRICE_SLACK: Final = Decimal("0.9")  # dust was judged at a price of that moment, not at the fill's


def no_lonely_leg(engine: EngineHistory, _venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the trades that hold an unhedged rest without anybody looking after it."""
    orders, booked = engine.orders_by_trade(), _last_booked(engine)
    found = []
    for trade in engine.trades:
        of_trade = orders.get(trade.trade_id, ())
        message = (
            _ended(trade, of_trade, engine)
            if trade.state in ENDED
            else _working(trade, of_trade, engine, booked.get(trade.trade_id, 0))
        )
        if message:
            found.append(Violation(Invariant.NO_LONELY_LEG, f"trade {trade.trade_id}", message))
    return (*found, *_stuck(engine))


def _stuck(engine: EngineHistory) -> Iterator[Violation]:
    """Yield orders that work for so long that a leg may be alone without our knowing."""
    for order in engine.orders:
        age_ns = engine.read_at_ns - order.created_at_ns
        if not order.is_terminal and age_ns > engine.repair_ns_max + GRACE_NS:
            message = f"({order.venue}) is still {order.state} after {age_ns // 10**9} s"
            yield Violation(Invariant.NO_LONELY_LEG, f"order {order.client_order_id}", message)


def _last_booked(engine: EngineHistory) -> dict[TradeId, int]:
    orders, last = engine.orders_by_id(), dict[TradeId, int]()
    for booked in engine.fills:
        order = orders.get(booked.client_order_id)
        if order is not None:
            last[order.trade_id] = max(last.get(order.trade_id, 0), booked.booked_at_ns)
    return last


def _working(trade: Trade, orders: tuple[Order, ...], engine: EngineHistory, booked_at_ns: int) -> str | None:
    imbalance = trade_position(orders).imbalance
    if _is_nothing(orders, engine):
        return None
    age_ns = engine.read_at_ns - (trade.repair_since_ns or booked_at_ns)
    if age_ns <= engine.repair_ns_max + GRACE_NS:
        return None
    return f"({trade.coin}, {trade.state}) is {imbalance:f} unhedged for {age_ns // 10**9} s"


def _ended(trade: Trade, orders: tuple[Order, ...], engine: EngineHistory) -> str | None:
    if trade.state is TradeState.ESCALATED:
        alarmed = (AlertKind.TRADE_ESCALATED, trade.trade_id) in engine.alerts
        return None if alarmed else "was escalated, and no alert says so"
    return next(_left_behind(trade, orders, engine), None)


def _left_behind(trade: Trade, orders: tuple[Order, ...], engine: EngineHistory) -> Iterator[str]:
    position = trade_position(orders)
    for order in orders:
        if not order.is_terminal:
            yield f"is {trade.state}, and its order {order.client_order_id} is {order.state}"
    by_hand = trade.reason == BY_HAND and position.imbalance == trade.residual
    if not by_hand and not _is_nothing(orders, engine):
        yield f"({trade.coin}) is {trade.state} and {position.imbalance:f} unhedged"
    if trade.kind is TradeKind.PAIR and not _is_unclosable(position.hedged, orders, engine):
        yield f"({trade.coin}) is {trade.state}, and a pair of {position.hedged:f} is left open"


def _is_nothing(orders: tuple[Order, ...], engine: EngineHistory) -> bool:
    """Tell whether the imbalance is zero, or dust on both venues at the lowest price of the trade.

    What venues kept as a fee of what is long is not there.
    """
    there = imbalance_there(trade_position(orders))
    return there == ZERO or all(_is_dust_on(venue, there, orders, engine) for venue in engine.pair.venues)


def _is_unclosable(quantity: Decimal, orders: tuple[Order, ...], engine: EngineHistory) -> bool:
    """Tell whether a pair is too small to be closed: one venue that takes no order for it is enough.

    So is what a venue kept of the coin as its fee.
    """
    there = quantity - kept(trade_position(orders))
    return there <= ZERO or any(_is_dust_on(venue, there, orders, engine) for venue in engine.pair.venues)


def _is_dust_on(venue: Venue, quantity: Decimal, orders: tuple[Order, ...], engine: EngineHistory) -> bool:
    there = [order for order in orders if order.venue is venue]
    instrument = engine.instruments.get((venue, there[0].symbol)) if there else None
    if instrument is None:
        return False
    prices = [fill.price for order in there for fill in order.fills]
    lowest = min(prices, default=min(order.limit_price for order in there))
    return is_dust(quantity, lowest * PRICE_SLACK, instrument)
