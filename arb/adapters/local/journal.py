"""The journal of decisions, and of what became of their orders, as log lines."""

from typing import Final

import structlog

from arb.domain.trading.order import Order
from arb.domain.trading.trade import ENDED, Trade, TradeState
from arb.engine.trading.journal import Decision

EVENT = "decision_made"
RESTING: Final = ENDED | {TradeState.OPEN}


def log_decision(made: Decision) -> None:
    """Write one decision with the fence and the time of every book that it was made on."""
    facts = {f"{seen.name}_fence": seen.fence for seen in made.seen}
    facts |= {f"{seen.name}_recv_ns": seen.ts_recv_ns for seen in made.seen}
    structlog.get_logger("arb.trading").info(
        EVENT, action=made.action, trade=made.trade_id, coin=made.coin, at_ns=made.at_ns, **facts
    )


def log_order(event: str, order: Order | None) -> None:
    """Write what became of an order; None is somebody else's and was not touched."""
    if order is None:
        return
    structlog.get_logger("arb.trading").info(
        event,
        order=order.client_order_id,
        trade=order.trade_id,
        venue=order.venue.value,
        symbol=order.symbol,
        side=order.side.value,
        state=order.state.value,
        filled=format(order.filled_quantity, "f"),
        quantity=format(order.quantity, "f"),
        reason=order.reason,
    )


def log_trade(trade: Trade | None) -> None:
    """Write where a trade has come to; that it still moves is for who asked for DEBUG."""
    if trade is None:
        return
    log = structlog.get_logger("arb.trading")
    write = log.info if trade.state in RESTING else log.debug
    write(
        "trade_settled", trade=trade.trade_id, coin=trade.coin, state=trade.state.value, reason=trade.reason
    )
