"""One line for each piece of work that moved something."""

import structlog

from arb.domain.trading.order import Order
from arb.domain.trading.trade import ENDED, Trade, TradeState

log = structlog.get_logger("arb.trading")
RESTING = ENDED | {TradeState.OPEN}


def of_order(event: str, order: Order | None) -> None:
    """Write what became of an order; None is somebody else's and was not touched."""
    if order is None:
        return
    log.info(
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


def of_trade(trade: Trade | None) -> None:
    """Write where a trade has come to; that it still moves is for who asked for DEBUG."""
    if trade is None:
        return
    write = log.info if trade.state in RESTING else log.debug
    write(
        "trade_settled", trade=trade.trade_id, coin=trade.coin, state=trade.state.value, reason=trade.reason
    )
