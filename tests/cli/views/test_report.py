"""The report and the verdict in words."""

from pathlib import Path
from typing import Any

from rich.console import RenderableType

from arb.app.judge import last_report, report_path
from arb.check.checkers import Findings
from arb.check.history import Invariant, Violation
from arb.cli.views.findings import findings_view
from arb.cli.views.report import report_view
from arb.stack.files import write_json
from arb.stack.home import Home
from tests.cli.views import drawing
from tests.cli.views.facts import Stack
from tests.cli.views.test_report_html import PERFORMANCE


def drawn(renderable: RenderableType) -> str:
    return drawing.drawn(renderable, 100)


def document(**changes: Any) -> dict[str, Any]:
    return {**Stack().report().as_json(), "invariants": {"at_most_once": True}, **changes}


def test_a_report_is_shown_in_full() -> None:
    fees = {"upbit": {"KRW": "12.50000"}, "binance": {"BTC": "0.00000001"}}
    text = drawn(report_view(document(fees=fees)))
    for expected in ("14 trades opened", "12 closed", "+12,345 KRW", "+8.82 USDT", "53 (50 filled"):
        assert expected in text
    assert "12.5 KRW" in text and "0.00000001 BTC" in text
    assert "invariants: ok (1 of 1 hold)" in text
    assert "still running" in text


def test_how_well_it_was_traded_is_in_it() -> None:
    text = drawn(report_view(document(**PERFORMANCE.as_json())))
    for expected in ("2026-11-20  BTC", "-12,345", "upbit entry", "-1.50", "sent to filled", "99", "1:00:00"):
        assert expected in text
    assert "recovered" not in text


def test_what_is_unknown_is_a_dash_and_what_is_broken_is_named() -> None:
    text = drawn(report_view(document(pnl_krw=None, pnl_usdt=None, invariants={"no_lonely_leg": False})))
    assert "PnL - KRW  - USDT" in text
    assert "BROKEN: no_lonely_leg" in text


def test_findings_name_the_row_and_what_was_not_compared() -> None:
    violation = Violation(Invariant.AT_MOST_ONCE, "order a1", "has 2 orders")
    text = drawn(findings_view(Findings(violations=(violation,), inconclusive=("upbit moved",))))
    assert "at_most_once: order a1 has 2 orders" in text
    assert "inconclusive: upbit moved" in text


def test_the_last_report_is_the_newest_of_all_homes(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    assert last_report(homes) is None
    for number, home in enumerate(homes):
        home.path.mkdir()
        write_json(report_path(home), {"fills": number})
    assert last_report(homes) == {"fills": 1}


def test_many_rows_of_one_invariant_are_summed_up() -> None:
    rows = tuple(Violation(Invariant.NO_LONELY_LEG, f"trade {number}", "is alone") for number in range(9))
    text = drawn(findings_view(Findings(violations=rows)))
    assert text.count("is alone") == 5
    assert "no_lonely_leg: and 4 more" in text
