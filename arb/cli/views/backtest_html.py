"""A replay's report as one HTML file that needs no network: tables, and plots as inline SVG."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from arb.cli.views.backtest import amount_of, head_lines
from arb.cli.views.report_html import STYLE, table
from arb.cli.views.svg import BOTTOM, HEIGHT, LEFT, WIDE, bar_plot, line_plot
from arb.cli.views.text import bare, duration, signed

Document = Mapping[str, Any]
MARKS: str = ".entry{fill:var(--up)} .exit{fill:var(--down)} svg rect.cell{stroke:none}"


def backtest_html(document: Document) -> str:
    """Return the report of a replay as one HTML file."""
    from arb.cli.views.sweep import sweep_part

    swept = [sweep_part(document["sweep"])] if "sweep" in document else []
    parts = [
        _head(document),
        *swept,
        _equity(document),
        _premium(document),
        _spread(document),
        _tables(document),
    ]
    return _page(parts)


def _page(parts: Sequence[str]) -> str:
    """Return a file of these parts."""
    style = STYLE.read_text(encoding="utf-8") + MARKS
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>arb backtest</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _head(document: Document) -> str:
    result = document["result"]
    figures = {
        "Net, KRW": _krw(result["net_krw"]),
        "Trades": f"{result['trades']:,}",
        "KRW a trade": _krw(result["net_krw_per_trade"]),
        "Fees, KRW": amount_of(result["fees_krw"]),
        "Drawdown, KRW": amount_of(result["drawdown_krw"]),
        "In the market": duration(result["time_in_market_s"]),
        "Legs unfilled": f"{result['unfilled_legs']:,}",
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    lines = "".join(f'<p class="quiet">{escape(line)}</p>' for line in head_lines(document))
    why = "".join(f"<p>{escape(line)}</p>" for line in document["why"])
    return f'<h1>arb backtest</h1>{lines}<dl class="figures">{listed}</dl>{why}'


def _equity(document: Document) -> str:
    curve = [(float(at_s), float(krw)) for at_s, krw in document["equity"]]
    return f"<h2>Booked profit, KRW</h2>{line_plot(curve, 'Booked profit', _ends(document))}"


def _premium(document: Document) -> str:
    return "".join(
        f"<h2>Premium of {escape(coin)}, bps; what was opened and closed</h2>"
        f"{_with_marks(each, _ends(document))}"
        for coin, each in document["premium"].items()
    )


def _with_marks(premium: Document, ends: tuple[str, str]) -> str:
    """Return the premium as a line, with a dot for each entry and exit."""
    points = [(float(at_s), float(bps)) for at_s, bps in premium["points"]]
    plot = line_plot(points, "Premium", ends)
    if len(points) < 2:
        return plot
    xs, ys = [x for x, _ in points], [y for _, y in points] + [0.0]
    pad = (max(ys) - min(ys) or 1.0) * 0.06
    low, high, span = min(ys) - pad, max(ys) + pad, max(xs) - min(xs) or 1
    dots = []
    for name in ("entries", "exits"):
        for at_s, bps in premium[name]:
            if bps == "nan":
                continue
            x = LEFT + (float(at_s) - min(xs)) / span * (WIDE - LEFT)
            y = (HEIGHT - BOTTOM) * (1 - (min(max(float(bps), low), high) - low) / (high - low))
            kind = "entry" if name == "entries" else "exit"
            dots.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
    return plot.replace("</svg>", "".join(dots) + "</svg>")


def _spread(document: Document) -> str:
    cells = {f"{bare(low)}": float(number) for low, number in document["distribution"]}
    coins = {each["name"]: float(each["net_krw"]) for each in document["by_coin"]}
    return (
        '<div class="two"><div><h2>Trades by what they earned, bps</h2>'
        f"{bar_plot(cells, 'Distribution')}</div>"
        f"<div><h2>Net by coin, KRW</h2>{bar_plot(coins, 'Net by coin')}</div></div>"
    )


def _tables(document: Document) -> str:
    groups = ("by_coin", "coin"), ("by_reason", "closed by"), ("by_day", "day")
    parts = [
        table(
            f"By {name}",
            (name, "trades", "won", "net KRW", "fees KRW"),
            [
                (
                    each["name"],
                    each["trades"],
                    each["won"],
                    _krw(each["net_krw"]),
                    amount_of(each["fees_krw"]),
                )
                for each in document[key]
            ],
        )
        for key, name in groups
    ]
    rows = [
        (f"{each['venue']} {each['asset']}", bare(each["began"]), bare(each["ended"]), bare(each["least"]))
        for each in document["inventory"]
    ]
    parts.append(table("Inventory", ("account", "began with", "ended with", "least"), rows))
    parts.append(table("Refused", ("reason", "times"), list(document["refused"].items())))
    return "".join(parts)


def _ends(document: Document) -> tuple[str, str]:
    return document["head"]["from"][:10], document["head"]["to"][:10]


def _krw(text: str) -> str:
    return signed(Decimal(text), 0)
