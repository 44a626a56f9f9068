"""Exact amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.money import bps, ceil_to, floor_to, fraction, plain

values = st.decimals(min_value="-1e9", max_value="1e9", places=8)
steps = st.sampled_from([Decimal(step) for step in ("0.00000001", "0.001", "0.5", "1", "1000")])


@given(value=values, step=steps)
def test_a_floor_is_the_nearest_multiple_below(value, step):
    floored = floor_to(value, step)
    assert floored % step == 0
    assert floored <= value < floored + step


@given(value=values, step=steps)
def test_a_ceiling_is_the_nearest_multiple_above(value, step):
    ceiled = ceil_to(value, step)
    assert ceiled % step == 0
    assert ceiled - step < value <= ceiled


@given(value=st.decimals(allow_nan=False, allow_infinity=False, min_value="-1e20", max_value="1e20"))
def test_plain_text_has_no_exponent_and_loses_nothing(value):
    assert "E" not in plain(value).upper()
    assert Decimal(plain(value)) == value


@pytest.mark.parametrize(("text", "expected"), [("1E-8", "0.00000001"), ("1E+3", "1000"), ("0", "0")])
def test_plain_text(text, expected):
    assert plain(Decimal(text)) == expected


def test_basis_points():
    assert bps(Decimal(1), Decimal(200)) == 50
    assert fraction(Decimal(50)) == Decimal("0.005")
