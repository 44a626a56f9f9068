"""Orders as Upbit writes them.

Pure. REST writes amounts as strings, the WebSocket as numbers. Shapes: docs/protocols/upbit.md.
"""

from typing import Any

from arb.sim.krw.forms import BID
from arb.sim.krw.orders import OrderTrade, OrderView
from arb.sim.krw.text import kst_microseconds, kst_seconds, maybe_plain, milliseconds, number, plain


def order_json(order: OrderView) -> dict[str, Any]:
    """Return an order as POST, DELETE and the lists show it."""
    form = order.form
    body = {
        "uuid": order.uuid,
        "side": form.side,
        "ord_type": form.ord_type,
        "price": maybe_plain(form.price),
        "state": order.state,
        "market": form.market,
        "created_at": kst_seconds(order.created_ns),
        "volume": maybe_plain(form.volume),
        "remaining_volume": maybe_plain(order.remaining_volume),
        "reserved_fee": plain(order.reserved_fee),
        "remaining_fee": plain(order.remaining_fee),
        "paid_fee": plain(order.paid_fee),
        "locked": plain(order.locked),
        "executed_volume": plain(order.executed_volume),
        "executed_funds": plain(order.executed_funds),
        "trades_count": len(order.trades),
        "smp_type": form.smp_type,
        "prevented_volume": plain(order.prevented_volume),
        "prevented_locked": plain(order.prevented_locked),
    }
    optional = {"time_in_force": form.time_in_force, "identifier": form.identifier}
    return body | {name: value for name, value in optional.items() if value is not None}


def order_with_trades_json(order: OrderView) -> dict[str, Any]:
    """Return an order as GET /v1/order shows it."""
    trades = [
        {
            "market": order.form.market,
            "uuid": trade.uuid,
            "price": plain(trade.price),
            "volume": plain(trade.volume),
            "funds": plain(trade.funds),
            "trend": "up" if order.form.side == BID else "down",
            "created_at": kst_microseconds(trade.ts_ns),
            "side": order.form.side,
        }
        for trade in order.trades
    ]
    return order_json(order) | {"trades": trades}


def reference_json(order: OrderView) -> dict[str, Any]:
    """Return an order as the batch cancels name it."""
    body = {"uuid": order.uuid, "market": order.form.market}
    return body if order.form.identifier is None else body | {"identifier": order.form.identifier}


def my_order_json(order: OrderView, state: str, trade: OrderTrade | None, now_ns: int) -> dict[str, Any]:
    """Return a myOrder event; with a trade, price and volume are those of the fill."""
    form = order.form
    price = form.price if trade is None else trade.price
    volume = form.volume if trade is None else trade.volume
    remaining = order.remaining_volume
    return {
        "type": "myOrder",
        "code": form.market,
        "uuid": order.uuid,
        "ask_bid": form.side.upper(),
        "order_type": form.ord_type,
        "state": state,
        "trade_uuid": None if trade is None else trade.uuid,
        "price": None if price is None else number(price),
        "avg_price": number(order.average_price),
        "volume": None if volume is None else number(volume),
        "remaining_volume": None if remaining is None else number(remaining),
        "executed_volume": number(order.executed_volume),
        "trades_count": len(order.trades),
        "reserved_fee": number(order.reserved_fee),
        "remaining_fee": number(order.remaining_fee),
        "paid_fee": number(order.paid_fee),
        "locked": number(order.locked),
        "executed_funds": number(order.executed_funds),
        "time_in_force": form.time_in_force,
        "trade_fee": None if trade is None else number(trade.fee),
        "is_maker": None if trade is None else trade.maker,
        "identifier": form.identifier,
        "smp_type": form.smp_type,
        "prevented_volume": number(order.prevented_volume),
        "prevented_locked": number(order.prevented_locked),
        "trade_timestamp": milliseconds(trade.ts_ns) if trade is not None else None,
        "order_timestamp": milliseconds(order.created_ns),
        "timestamp": milliseconds(now_ns),
        "stream_type": "REALTIME",
    }
