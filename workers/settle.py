"""`arb.settle_trade`: what comes next for a trade."""

from arb.app.engines import engine_of
from arb.celery import app
from arb.domain.market.ids import TradeId
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.trading.trade import ENDED
from arb.engine.trading.settle import LOOK_ONCE
from workers import facts
from workers.disposition import retried


@app.task(name="arb.settle_trade", **retried(5))
def settle_trade(trade_id: str, look: int = LOOK_ONCE) -> None:
    """Settle one trade; running it twice changes nothing. One that has ended is worth a snapshot."""
    trade = engine_of(TradeId(trade_id)).settle.run(TradeId(trade_id), look)
    facts.of_trade(trade)
    if trade is not None and trade.state in ENDED:
        app.send_task("arb.snapshot", (SnapshotKind.ON_TRADE.value, trade.session_id))
