"""User data events from the engine's events. Pure, but for the order they read."""

from typing import Any

from arb.sim.binance.render import (
    EXPIRY_REASONS,
    original_quantity,
    prevention_mode,
    strategy,
    wire_time_in_force,
)
from arb.sim.binance.symbols import symbol_name
from arb.sim.binance.wire import ZERO_TEXT, milliseconds, text
from arb.sim.core.accounts import Balance
from arb.sim.core.events import MovedOutside, OrderFilled, Prevented, TradePrevented
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO, SimulatedOrder, Status


def execution_report(
    recorded: Recorded, order: SimulatedOrder, execution: str, status: Status
) -> dict[str, Any]:
    """Return the executionReport of one event, without what is special to fills and cancels."""
    request = order.request
    at_ms = milliseconds(recorded.ts_ns)
    created_ms = milliseconds(order.created_ns)
    return {
        "e": "executionReport",
        "E": at_ms,
        "s": symbol_name(request.coin),
        "c": request.client_id,
        "S": str(request.side),
        "o": request.wire["type"],
        "f": wire_time_in_force(order),
        "q": text(original_quantity(order)),
        "p": text(request.price or ZERO),
        "P": ZERO_TEXT,
        "F": ZERO_TEXT,
        "g": -1,
        "C": "",
        "x": execution,
        "X": str(status),
        "r": "NONE",
        "i": int(order.order_id),
        "l": ZERO_TEXT,
        "z": text(order.executed),
        "L": ZERO_TEXT,
        "n": "0",
        "N": None,
        "T": at_ms,
        "t": -1,
        "I": recorded.seq,
        "w": order.is_open,
        "m": False,
        "M": False,
        "O": created_ms,
        "Z": text(order.executed_quote),
        "Y": ZERO_TEXT,
        "Q": text(request.quote_quantity or ZERO),
        "W": created_ms,
        "V": prevention_mode(order),
    } | strategy(order, "j", "J")


def fill_fields(fill: OrderFilled) -> dict[str, Any]:
    """Return what a TRADE report says beyond the common part."""
    return {
        "l": text(fill.quantity),
        "L": text(fill.price),
        "n": text(fill.fee),
        "N": fill.fee_asset,
        "t": int(fill.fill_id),
        "m": fill.maker,
        "M": True,
        "Y": text(fill.price * fill.quantity),
    }


def end_fields(order: SimulatedOrder, cancel_id: str | None) -> dict[str, Any]:
    """Return what the report of an end says: the cancel's id, or why the order expired."""
    if cancel_id is not None:
        return {"c": cancel_id, "C": order.request.client_id}
    return {"eR": EXPIRY_REASONS[order.reason]} if order.reason in EXPIRY_REASONS else {}


def prevented_fields(
    order: SimulatedOrder, lost: Prevented, other: Prevented, match: TradePrevented
) -> dict[str, Any]:
    """Return what the report of a prevented trade says of it."""
    return {
        "v": match.number,
        "A": text(order.prevented),
        "B": text(lost.quantity),
        "u": -1,
        "U": int(other.order_id),
        "Cs": symbol_name(match.coin),
        "pl": text(lost.quantity),
        "pL": text(match.price),
        "pY": text(match.price * lost.quantity),
    }


def balance_update(recorded: Recorded, moved: MovedOutside) -> dict[str, Any]:
    """Return what a deposit or a withdrawal looks like."""
    at_ms = milliseconds(recorded.ts_ns)
    return {"e": "balanceUpdate", "E": at_ms, "a": moved.asset, "d": text(moved.change), "T": at_ms}


def account_position(recorded: Recorded, balances: dict[str, Balance]) -> dict[str, Any]:
    """Return the balances that an event may have changed."""
    at_ms = milliseconds(recorded.ts_ns)
    return {
        "e": "outboundAccountPosition",
        "E": at_ms,
        "u": at_ms,
        "B": [
            {"a": asset, "f": text(balance.free), "l": text(balance.locked)}
            for asset, balance in balances.items()
        ],
    }
