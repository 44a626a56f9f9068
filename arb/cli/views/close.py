"""What closing a pair by hand costs, and how it ended, as text and as JSON."""

from decimal import Decimal
from typing import Any

from arb.cli.views.text import UNKNOWN, signed
from arb.domain.market.money import plain
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.trading.close_by_hand import Quoted


def quoted_text(quoted: Quoted, slip_bps: Decimal) -> str:
    """Return what closing it now costs, brings, and may bring at the least."""
    trade = quoted.trade
    part = "" if quoted.quantity >= trade.quantity else f" ({quoted.quantity:f} of it at once)"
    what = f"trade {trade.trade_id}: {trade.quantity:f} {trade.coin} on each venue{part}"
    premium = f"premium {signed(trade.entry_premium_bps)} bps at its entry, {signed(quoted.premium_bps)} now"
    fees = (
        f"fees {quoted.fees_krw:,.0f}, from the middle of the books to what they pay {quoted.depth_krw:,.0f}"
    )
    earned = f"{signed(quoted.earned_krw, 0)} KRW ({signed(quoted.earned_bps)} bps)"
    least = f"it is not closed for less than {signed(quoted.earned_bps - slip_bps)} bps"
    lines = (
        f"{what}, {trade.notional_krw:,.0f} KRW a leg, {premium}",
        f"closing it now costs {quoted.cost_krw:,.0f} KRW: {fees}",
        f"all in all it has then earned {earned}; {least}",
    )
    return "\n".join(lines)


def quoted_document(quoted: Quoted) -> dict[str, Any]:
    """Return what closing a pair would cost and earn as JSON."""
    names = ("quantity", "premium_bps", "fees_krw", "depth_krw", "cost_krw", "earned_krw", "earned_bps")
    return {"quoted": {name: plain(round(getattr(quoted, name), 8)) for name in names}}


def closed_text(trade: Trade) -> str:
    """Return in one line how closing a trade by hand ended."""
    if trade.state is TradeState.CLOSED:
        again = f"{trade.coin} may be opened again at once: `arb coins pause {trade.coin}` keeps it out"
        return f"closed ({trade.reason}), {signed(trade.pnl_krw, 0)} KRW; {again}"
    if trade.state is TradeState.OPEN:
        return (
            "it stays open: no market as good as the one shown came in time, or an exit had to wait "
            "(`arb status`, exits waited); nothing is asked for any more"
        )
    state = trade.state.replace("_", " ")
    return f"it is {state} ({trade.reason or UNKNOWN}); `arb trace {trade.trade_id}` tells more"
