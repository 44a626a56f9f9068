"""The report and the verdict in words."""

from datetime import UTC, timedelta, timezone
from typing import Any

from rich.console import RenderableType

from arb.cli.views.report import report_view
from arb.cli.views.report_html import report_html
from tests.cli.views import drawing
from tests.cli.views.facts import Stack
from tests.cli.views.test_report_html import PERFORMANCE


def drawn(renderable: RenderableType) -> str:
    return drawing.drawn(renderable, 100)


def document(**changes: Any) -> dict[str, Any]:
    return {**Stack().report().as_json(), "invariants": {"at_most_once": True}, **changes}


def test_a_report_is_shown_in_full() -> None:
    fees = {"upbit": {"KRW": "12.50000"}, "binance": {"BTC": "0.00000001"}}
    text = drawn(report_view(document(fees=fees), UTC))
    for expected in ("14 trades opened", "12 closed", "+12,345 KRW", "+8.82 USDT", "53 (50 filled"):
        assert expected in text
    assert "12.5 KRW" in text and "0.00000001 BTC" in text
    assert "invariants: ok (1 of 1 hold)" in text
    assert "still running" in text


def test_how_well_it_was_traded_is_in_it() -> None:
    text = drawn(report_view(document(**PERFORMANCE.as_json()), UTC))
    for expected in ("2026-11-20  BTC", "-12,345", "upbit entry", "-1.50", "sent to filled", "99", "1:00:00"):
        assert expected in text
    assert "recovered" not in text


def test_what_is_unknown_is_a_dash_and_what_is_broken_is_named() -> None:
    text = drawn(report_view(document(pnl_krw=None, pnl_usdt=None, invariants={"no_lonely_leg": False}), UTC))
    assert "PnL - KRW  - USDT" in text
    assert "BROKEN: no_lonely_leg" in text


def test_what_two_venues_in_krw_earned_is_not_told_in_usdt() -> None:
    in_krw = document(pnl_usdt=None)
    assert "USDT" not in drawn(report_view(in_krw, UTC)).partition("realised")[0]
    assert "PnL, USDT" not in report_html(in_krw | PERFORMANCE.as_json())
    assert "PnL, USDT" in report_html(document(**PERFORMANCE.as_json()))


def test_profit_in_a_simulated_market_is_said_to_be_no_evidence() -> None:
    assert "no evidence" in drawn(report_view(document(simulated=True), UTC))
    assert "no evidence" in report_html(document(simulated=True, **PERFORMANCE.as_json()))
    assert "no evidence" not in drawn(report_view(document(simulated=False), UTC))


def test_moments_are_of_the_readers_zone():
    report = document(started="2025-11-20T23:30:00+00:00", ended=None)
    seoul = timezone(timedelta(hours=9), "KST")
    assert "2025-11-21 08:30:00 KST to still running" in drawn(report_view(report, seoul))


def test_refusals_that_nobody_counted_are_not_none():
    counted = {"refusals": {}, "invariants": {"no_lonely_leg": True}}
    assert "refusals  none" in " ".join(drawn(report_view(document(**counted), UTC)).split(" " * 4))
    told = drawn(report_view(document(refusals={}, invariants={}), UTC))
    assert "`arb opportunities`" in told
    assert "arb opportunities" in report_html(document(refusals={}, invariants={}))
