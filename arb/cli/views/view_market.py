"""The part of the view that trades: quotes and open trades."""

from typing import Final

from rich.table import Table
from rich.text import Text

from arb.app.facts.frame import Frame
from arb.cli.views.style import BAD, GOOD, QUIET, aged, plain_table
from arb.cli.views.text import UNKNOWN, bare, duration, price, signed

FRESH_MS: Final = 1_500


def quotes(frame: Frame) -> Table:
    """Return the quotes and their age, the premium and the net edge of each coin."""
    legs = frame.quotes[0].legs if frame.quotes else ()
    columns = (name for leg in legs for name in (f"{leg.venue} {leg.currency}", "age"))
    table = plain_table("quotes", "coin", *columns, "premium", "net edge")
    for quote in frame.quotes:
        table.add_row(
            quote.coin,
            *(cell for leg in quote.legs for cell in (price(leg.mid), aged(leg.age_ms, FRESH_MS))),
            signed(quote.premium_bps),
            Text(signed(quote.edge_bps), GOOD if quote.edge_bps and quote.edge_bps > 0 else ""),
        )
    table.caption = Text("premium and edge in bps, edge net of both fees and of depth", QUIET)
    return table


def open_trades(frame: Frame, most: int) -> Table:
    """Return the newest `most` trades that have not ended."""
    trades = frame.trades or ()
    title = f"open trades: {UNKNOWN if frame.trades is None else len(trades)}"
    table = plain_table(title, "trade", "coin", "way", "state", "age", "hedged", "rest")
    for trade in trades[-most:]:
        table.add_row(
            trade.trade_id,
            trade.coin,
            trade.direction,
            trade.state,
            duration(trade.age_s),
            bare(f"{trade.hedged:f}"),
            Text(bare(f"{trade.imbalance:f}"), BAD if trade.imbalance else QUIET),
        )
    return table
