"""Orders as Bithumb writes them: `uuid` where they are looked up, `order_id` in replies and lists.

Pure. REST writes amounts as strings, the WebSocket as numbers. Shapes: docs/protocols/bithumb.md.
"""

from types import MappingProxyType
from typing import Any, Final

from arb.sim.core import orders as core
from arb.sim.krw.forms import ASK, BID
from arb.sim.krw.frames import COMMON_NAMES
from arb.sim.krw.orders import CANCEL, DONE, WAIT, OrderTrade, OrderView
from arb.sim.krw.text import kst_microseconds, kst_seconds, maybe_plain, milliseconds, number, plain

STP_TYPE: Final = "cancel_taker"  # the one kind that there is
SIDES: Final = {BID: "buy", ASK: "sell"}
EVENT_NAMES: Final = MappingProxyType(
    COMMON_NAMES
    | {"order_id": "oid", "client_order_id": "coid", "side": "sd", "order_type": "ot", "state": "s"}
    | {"trade_id": "tid", "order_price": "op", "order_quantity": "oq", "trade_price": "tp"}
    | {"trade_quantity": "tq", "remaining_quantity": "rq", "executed_quantity": "eq"}
    | {"executed_amount": "ea", "paid_fee": "pf", "time_in_force": "tif", "cancel_type": "ct"}
    | {"order_timestamp": "otms", "trade_timestamp": "ttms"}
)


def state_of(order: core.SimulatedOrder) -> str:
    """Return where an order is. One that ends with any fill is done, also if its rest was cancelled."""
    if order.is_open:
        return WAIT
    return DONE if order.executed else CANCEL


def ack_json(order: OrderView) -> dict[str, Any]:
    """Return what placing or cancelling is answered with: nothing of what became of the order."""
    form = order.form
    body = {
        "order_id": order.uuid,
        "market": form.market,
        "side": form.side,
        "order_type": form.ord_type,
        "created_at": kst_seconds(order.created_ns),
        "stp_type": STP_TYPE,
    }
    return body if form.identifier is None else body | {"client_order_id": form.identifier}


def listed_json(order: OrderView) -> dict[str, Any]:
    """Return an order as /v2/orders/pending and /history list it."""
    return ack_json(order) | _progress(order)


def order_json(order: OrderView) -> dict[str, Any]:
    """Return an order as GET /v1/order shows it, with its trades."""
    form = order.form
    body = {
        "uuid": order.uuid,
        "side": form.side,
        "ord_type": form.ord_type,
        "market": form.market,
        "created_at": kst_seconds(order.created_ns),
        "stp_type": STP_TYPE,
    } | _progress(order)
    if form.identifier is not None:
        body["client_order_id"] = form.identifier
    return body | {"trades": [_trade_json(order, trade) for trade in order.trades]}


def event_json(order: OrderView, state: str, trade: OrderTrade | None, now_ns: int) -> dict[str, Any]:
    """Return a myOrder event; a field without a value is left out."""
    form = order.form
    fields = {
        "type": "myOrder",
        "code": form.market,
        "client_order_id": form.identifier,
        "order_id": order.uuid,
        "side": SIDES[form.side],
        "order_type": form.ord_type,
        "state": state,
        "order_price": None if form.price is None else number(form.price),
        "order_quantity": None if form.volume is None else number(form.volume),
        "trade_id": None if trade is None else trade.uuid,
        "trade_price": None if trade is None else number(trade.price),
        "trade_quantity": None if trade is None else number(trade.volume),
        "trade_timestamp": None if trade is None else milliseconds(trade.ts_ns),
        "remaining_quantity": None if order.remaining_volume is None else number(order.remaining_volume),
        "executed_quantity": number(order.executed_volume),
        "executed_amount": number(order.executed_funds),
        "paid_fee": number(order.paid_fee),
        "time_in_force": form.time_in_force,
        "cancel_type": _cancel_type(order, state),
        "order_timestamp": milliseconds(order.created_ns),
        "timestamp": milliseconds(now_ns),
        "stream_type": "REALTIME",
    }
    return {name: value for name, value in fields.items() if value is not None}


def _progress(order: OrderView) -> dict[str, Any]:
    form = order.form
    optional = {"time_in_force": form.time_in_force, "cancel_type": _cancel_type(order, order.state)}
    return {
        "price": maybe_plain(form.price),
        "state": order.state,
        "volume": maybe_plain(form.volume),
        "remaining_volume": maybe_plain(order.remaining_volume),
        "reserved_fee": plain(order.reserved_fee),
        "remaining_fee": plain(order.remaining_fee),
        "paid_fee": plain(order.paid_fee),
        "locked": plain(order.locked),
        "executed_volume": plain(order.executed_volume),
        "executed_funds": plain(order.executed_funds),
        "trades_count": len(order.trades),
    } | {name: value for name, value in optional.items() if value is not None}


def _cancel_type(order: OrderView, state: str) -> str | None:
    if state not in (DONE, CANCEL) or not order.remaining_volume:
        return None
    if order.prevented_volume:
        return "stp_cancel"
    return "tif_cancel" if order.form.time_in_force in ("ioc", "fok", "post_only") else "user_cancel"


def _trade_json(order: OrderView, trade: OrderTrade) -> dict[str, Any]:
    return {
        "market": order.form.market,
        "uuid": trade.uuid,
        "price": plain(trade.price),
        "volume": plain(trade.volume),
        "funds": plain(trade.funds),
        "side": order.form.side,
        "created_at": kst_microseconds(trade.ts_ns),
    }
