"""Price steps and rounding to them."""

from decimal import Decimal

import pytest

from arb.sim.core.ticks import ceil_to, floor_to, krw_tick


@pytest.mark.parametrize(
    ("price", "tick"),
    [
        ("148520000", "1000"), ("2000000", "1000"), ("1000000", "1000"), ("999999", "500"),
        ("500000", "500"), ("100000", "100"), ("50000", "50"), ("10000", "10"), ("9999", "5"),
        ("5000", "5"), ("1375", "1"), ("999", "1"), ("100", "1"), ("99.9", "0.1"), ("1", "0.01"),
        ("0.1", "0.001"), ("0.00001", "0.0000001"), ("0.000001", "0.00000001"),
    ],
)  # fmt: skip
def test_krw_tick_of_a_band_starts_at_its_lower_bound(price, tick):
    assert krw_tick(Decimal(price)) == Decimal(tick)


def test_rounding_goes_to_the_multiple_below_or_above():
    unit = Decimal("0.05")
    assert floor_to(Decimal("1.09"), unit) == Decimal("1.05")
    assert ceil_to(Decimal("1.06"), unit) == Decimal("1.10")
    assert floor_to(Decimal("1.05"), unit) == ceil_to(Decimal("1.05"), unit) == Decimal("1.05")
