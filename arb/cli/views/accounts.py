"""What is held and what it earned, as rows for a table or for JSON: positions, balances, profit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from arb.cli.views.style import BAD, plain_table
from arb.cli.views.text import UNKNOWN, bare, signed
from arb.domain.ledger.report import CoinReport
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ZERO, plain
from arb.domain.trading.position import TradePosition, trade_position
from arb.ports.trading import TradeView

Row = dict[str, Any]
Venues = Sequence[Venue]


def positions(at_risk: Iterable[TradeView], coins: Iterable[CoinReport], venues: Venues) -> list[Row]:
    """Return what trades hold of each coin, on both venues together and apart.

    They have not ended, or were escalated with a leg that stands alone: it is unhedged like any other. What
    that leg has earned is part of what is realised already, at the price of its escalation.
    """
    held: dict[Coin, list[TradePosition]] = {}
    for view in at_risk:
        held.setdefault(view.trade.coin, []).append(trade_position(view.orders))
    worth = {line.coin: line for line in coins}
    return [_position(coin, parts, worth.get(coin), venues) for coin, parts in sorted(held.items())]


def _position(coin: Coin, parts: list[TradePosition], line: CoinReport | None, venues: Venues) -> Row:
    unrealised = None if line is None or line.pnl_krw is None else line.pnl_krw - line.realised_krw
    return {
        "coin": coin,
        "trades": len(parts),
        **{venue.value: plain(sum((part.leg(venue).base_net for part in parts), ZERO)) for venue in venues},
        "hedged": plain(sum((part.hedged for part in parts), ZERO)),
        "unhedged": plain(sum((part.imbalance for part in parts), ZERO)),
        "unrealised_krw": None if unrealised is None else plain(round(unrealised, 2)),
    }


def balances(
    ledger: Mapping[tuple[Venue, str], Decimal], free: Mapping[tuple[Venue, str], Decimal]
) -> list[Row]:
    """Return what each venue should hold by the ledger, and what of it waits for orders."""
    return [
        {
            "venue": venue.value,
            "asset": asset,
            "total": plain(total),
            "free": plain(free.get((venue, asset), total)),
            "on_hold": plain(total - free.get((venue, asset), total)),
        }
        for (venue, asset), total in sorted(ledger.items())
    ]


def moved(ledger: Mapping[tuple[Venue, str], tuple[Decimal, Decimal]]) -> list[Row]:
    """Return what each venue should have held at the end of a span, and what of it the span brought."""
    return [
        {"venue": venue.value, "asset": asset, "total": plain(total), "change": plain(change)}
        for (venue, asset), (total, change) in sorted(ledger.items())
    ]


def venues_of(views: Iterable[TradeView]) -> Venues:
    """Return the venues of these trades, in a fixed order."""
    used = {order.venue for view in views for order in view.orders}
    return tuple(venue for venue in Venue if venue in used)


def profit(report: Mapping[str, Any]) -> Row:
    """Return the profit of a report: in all, by coin, by day, and the fees that are in it already."""
    by_day: Counter[str] = Counter()
    for line in report.get("by_day", ()):
        by_day[line["day"]] += Decimal(line["pnl_krw"])  # type: ignore[assignment]
    names = ("pnl_krw", "pnl_usdt", "realised_krw", "fees")
    by_coin = ("coin", "trades_closed", "realised_krw", "pnl_krw")
    return {
        **{name: report[name] for name in names},
        "by_coin": [{name: line[name] for name in by_coin} for line in report["by_coin"]],
        "by_day": [{"day": day, "realised_krw": plain(Decimal(krw))} for day, krw in sorted(by_day.items())],
    }


def positions_view(rows: list[Row], venues: Venues) -> Table:
    """Return positions as a table."""
    title = "held by open trades and by legs that were escalated" if rows else "no trade is open"
    columns = (*venues, "hedged", "unhedged", "unrealised KRW")
    table = plain_table(title, "coin", "trades", *columns)
    for row in rows:
        rest = bare(row["unhedged"])
        table.add_row(
            row["coin"],
            str(row["trades"]),
            *(bare(row[venue]) for venue in venues),
            bare(row["hedged"]),
            Text(rest, BAD if rest != "0" else ""),
            _signed(row["unrealised_krw"]),
        )
    return table


def balances_view(rows: list[Row]) -> Table:
    """Return balances as a table."""
    names = ("total", "change") if rows and "change" in rows[0] else ("total", "free", "on_hold")
    table = plain_table("by the ledger", "venue", "asset", *(name.replace("_", " ") for name in names))
    for row in rows:
        table.add_row(row["venue"], row["asset"], *(bare(row[name]) for name in names))
    return table


def profit_view(found: Row) -> Table:
    """Return profit as a table, the sum last."""
    table = plain_table("profit in KRW", "", "closed", "realised", "with what is open")
    for line in found["by_coin"]:
        closed = str(line["trades_closed"])
        table.add_row(line["coin"], closed, _signed(line["realised_krw"]), _signed(line["pnl_krw"]))
    for line in found["by_day"]:
        table.add_row(line["day"], "", _signed(line["realised_krw"]), "")
    table.add_row("all", "", _signed(found["realised_krw"]), _signed(found["pnl_krw"]), style="bold")
    return table


def _signed(text: str | None) -> str:
    return UNKNOWN if text is None else signed(Decimal(text), 0)
