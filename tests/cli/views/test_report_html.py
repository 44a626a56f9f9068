"""The report as one file: nothing from elsewhere, nothing unescaped, and old reports still show."""

import re
from decimal import Decimal

from arb.cli.views.report_html import report_html
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
