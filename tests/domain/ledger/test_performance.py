"""Time in each mode, and the document that the figures make."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from arb.domain.ledger.performance import DayLine, Performance, RecoveryLine, SlippageLine, seconds_in_mode
from arb.domain.risk.review import Mode

S = 1_000_000_000


def test_each_mode_lasts_until_the_next_change():
    changes = [(0, Mode.HALTED), (10 * S, Mode.NORMAL), (70 * S, Mode.HALTED)]
    assert seconds_in_mode(changes, 100 * S) == {Mode.HALTED: 40, Mode.NORMAL: 60}


def test_a_session_without_changes_was_in_no_mode():
    assert seconds_in_mode([], 100 * S) == {}


@given(st.lists(st.tuples(st.integers(0, 1_000), st.sampled_from(Mode)), min_size=1))
def test_the_modes_add_up_to_the_whole_time(changes):
    listed = sorted(((at_s * S, mode) for at_s, mode in changes), key=lambda change: change[0])
    until_ns = listed[-1][0] + 5 * S
    assert sum(seconds_in_mode(listed, until_ns).values()) == (until_ns - listed[0][0]) // S


def test_the_document_has_counts_as_numbers_and_amounts_as_text():
    document = Performance(
        by_day=(DayLine(day="2026-11-20", coin="BTC", trades=2, pnl_krw=Decimal("12.345")),),
        slippage=(
            SlippageLine(
                venue="upbit",
                purpose="entry",
                orders=2,
                mean_bps=Decimal("-1.005"),
                median_bps=Decimal("-1"),
                p95_bps=Decimal(0),
            ),
        ),
        latency_ms={"sent_to_filled": {"p50": 12}},
        seconds_in_mode={Mode.NORMAL: 3, Mode.HALTED: 1},
        recoveries=(RecoveryLine(component="redis", count=1, median_ms=5, max_ms=5),),
        profit_curve=((1_000, Decimal(0)),),
    ).as_json()
    assert document["by_day"] == [{"day": "2026-11-20", "coin": "BTC", "trades": 2, "pnl_krw": "12.34"}]
    assert document["slippage_bps"][0]["median"] == "-1.00"
    assert document["uptime"] == {
        "seconds": 4,
        "normal_seconds": 3,
        "reduce-only_seconds": 0,
        "halted_seconds": 1,
        "normal_ratio": 0.75,
    }
    assert document["profit_curve"] == [[1_000, "0.00"]]
