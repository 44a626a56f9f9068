"""The report as one file: nothing from elsewhere, nothing unescaped, and old reports still show."""

import re
from decimal import Decimal
from xml.etree import ElementTree

from arb.cli.views.report_html import report_html
from arb.cli.views.svg import bar_plot, line_plot
from arb.domain.ledger.performance import DayLine, Performance, SlippageLine
from arb.domain.risk.review import Mode
from tests.cli.views.facts import NOW_NS, Stack

PERFORMANCE = Performance(
    by_day=(DayLine(day="2026-11-20", coin="BTC", trades=2, pnl_krw=Decimal("-12345")),),
    slippage=(
        SlippageLine(
            venue="upbit",
            purpose="entry",
            orders=2,
            mean_bps=Decimal("-1.5"),
            median_bps=Decimal("-1"),
            p95_bps=Decimal("0.25"),
        ),
    ),
    latency_ms={"sent_to_filled": {"p50": 12, "p90": 20, "p99": 99}},
    seconds_in_mode={Mode.NORMAL: 3600, Mode.HALTED: 60},
    recoveries=(),
    profit_curve=((NOW_NS // 1_000_000, Decimal(0)), (NOW_NS // 1_000_000 + 1, Decimal(-5))),
)
REPORT = Stack().report().as_json() | PERFORMANCE.as_json()


def test_it_shows_every_figure():
    page = report_html(REPORT)
    for expected in ("upbit entry", "sent to filled", "99", "1:00:00", "rate stale", "2026-11-20", "-12,345"):
        assert expected in page, expected
    assert page.count("<svg") == 3


def test_it_needs_nothing_from_elsewhere():
    page = report_html(REPORT)
    assert not re.search(r"(src|href|url\(|@import|<script)", page)


def test_what_a_venue_said_is_never_markup():
    page = report_html(REPORT | {"refusals": {"<script>alert(1)</script>": 1}})
    assert "<script>" not in page


def test_a_report_of_an_older_version_still_shows():
    assert "PnL" in report_html(Stack().report().as_json())


def test_plots_are_well_formed_and_inside_their_box():
    for plot in (
        line_plot([(0, 5), (1, -5), (2, 1e9)], "a & b", ("<", ">")),
        bar_plot({"BTC": 1.0, "<ETH>": -3.0}, "bars"),
        bar_plot({"BTC": 0.0}, "zero"),
    ):
        svg = ElementTree.fromstring(plot)
        heights = [float(value) for value in re.findall(r'y[12]?="([-0-9.]+)"', plot)]
        assert svg.tag == "svg"
        assert all(-0.1 <= height <= 220 for height in heights)


def test_nothing_to_plot_is_said():
    assert "nothing to plot" in line_plot([], "profit", ("", ""))
    assert "nothing to plot" in bar_plot({}, "bars")
