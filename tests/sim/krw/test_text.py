"""Amounts and times as Upbit writes them."""

from decimal import Decimal

import pytest

from arb.sim.krw.text import kst_microseconds, kst_seconds, number, plain

CREATED_NS = 1_754_725_440_597_751_000  # 2025-08-09T16:44:00.597751+09:00


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("0.01000", "0.01"), ("0E-8", "0"), ("1E-8", "0.00000001")]
)
def test_amounts_have_no_exponent_and_no_idle_zeros(value, text):
    assert plain(Decimal(value)) == text
    assert number(Decimal(value)) == Decimal(value)


def test_times_are_korean():
    assert kst_seconds(CREATED_NS) == "2025-08-09T16:44:00+09:00"
    assert kst_microseconds(CREATED_NS - CREATED_NS % 10**9) == "2025-08-09T16:44:00.000000+09:00"
