"""Legs become order intents with ids of their own."""

from collections.abc import Sequence

from arb.domain.market.ids import Coin, TradeId, client_order_id
from arb.domain.trading.order import Order
from arb.domain.trading.trade import Leg
from arb.engine.market.markets import symbol_on


def intent(leg: Leg, trade_id: TradeId, coin: Coin, number: int, now_ns: int, lifetime_ns: int) -> Order:
    """Return the intent of one leg; `number` counts the trade's orders on that venue from 1."""
    return Order(
        client_order_id=client_order_id(trade_id, leg.venue, number),
        trade_id=trade_id,
        venue=leg.venue,
        symbol=symbol_on(leg.venue, coin),
        side=leg.side,
        purpose=leg.purpose,
        quantity=leg.quantity,
        limit_price=leg.limit_price,
        expires_at_ns=now_ns + lifetime_ns,
        created_at_ns=now_ns,
        tick_at_ns=leg.tick_at_ns,
    )


def intents(
    legs: Sequence[Leg], trade_id: TradeId, coin: Coin, known: Sequence[Order], now_ns: int, lifetime_ns: int
) -> tuple[Order, ...]:
    """Return the intents of legs, one a venue, numbered after the orders already known."""
    return tuple(intent(leg, trade_id, coin, _next_number(leg, known), now_ns, lifetime_ns) for leg in legs)


def _next_number(leg: Leg, known: Sequence[Order]) -> int:
    return 1 + sum(order.venue is leg.venue for order in known)
