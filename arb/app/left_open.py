"""What a stack leaves open when it is stopped, and what that is worth by the last prices."""

from typing import Any

from arb.app.judge import report_of
from arb.app.wiring import Engine
from arb.domain.errors import ArbError
from arb.domain.market.money import ZERO, plain
from arb.domain.trading.trade import TradeState


def left_open(engine: Engine) -> dict[str, Any]:
    """Return how many pairs stay open, and their worth: null where nothing tells prices.

    Raises: StoreUnavailable.
    """
    views = engine.trades.active(engine.session_id)
    pairs = [view.trade for view in views if view.trade.state is TradeState.OPEN]
    try:
        report = report_of(engine).run({})
        worth = None if report.pnl_krw is None else plain(round(report.pnl_krw - report.realised_krw, 2))
    except ArbError:
        worth = None
    return {
        "pairs": len(pairs),
        "coins": sorted({trade.coin for trade in pairs}),
        "notional_krw": plain(round(sum((trade.notional_krw for trade in pairs), ZERO), 2)),
        "unrealised_krw": worth,
    }


def left_text(left: dict[str, Any]) -> str:
    """Return what a stopped stack leaves open, in one line."""
    if not left["pairs"]:
        return "no pair stays open"
    worth = (
        "of unknown worth" if left["unrealised_krw"] is None else f"{float(left['unrealised_krw']):+,.0f} KRW"
    )
    notional = f"{float(left['notional_krw']):,.0f} KRW a leg"
    return (
        f"{left['pairs']} hedged pairs stay open ({', '.join(left['coins'])}): {notional}, "
        f"{worth} by the last prices"
    )
