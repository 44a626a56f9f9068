"""`arb.settle_trade`: what comes next for a trade."""

from arb.bootstrap import engine
from arb.celery import app
from arb.domain.ids import TradeId
from workers.disposition import retried


@app.task(name="arb.settle_trade", **retried(5))
def settle_trade(trade_id: str) -> None:
    """Settle one trade; running it twice changes nothing."""
    engine().settle.run(TradeId(trade_id))
