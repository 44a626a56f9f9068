from decimal import Decimal

import pytest

from arb.sim.upbit.ticks import grouping_levels, is_on_unit, price_unit


@pytest.mark.parametrize(
    ("price", "unit"),
    [
        ("2000000", "1000"),
        ("1999999.9", "1000"),
        ("1000000", "1000"),
        ("999999", "500"),
        ("500000", "500"),
        ("499999", "100"),
        ("100000", "100"),
        ("99999", "50"),
        ("50000", "50"),
        ("49999", "10"),
        ("10000", "10"),
        ("9999", "5"),
        ("5000", "5"),
        ("4999", "1"),
        ("1000", "1"),
        ("999", "1"),
        ("100", "1"),
        ("99.9", "0.1"),
        ("10", "0.1"),
        ("9.99", "0.01"),
        ("1", "0.01"),
        ("0.999", "0.001"),
        ("0.1", "0.001"),
        ("0.0999", "0.0001"),
        ("0.01", "0.0001"),
        ("0.00999", "0.00001"),
        ("0.001", "0.00001"),
        ("0.000999", "0.000001"),
        ("0.0001", "0.000001"),
        ("0.0000999", "0.0000001"),
        ("0.00001", "0.0000001"),
        ("0.00000999", "0.00000001"),
        ("0", "0.00000001"),
    ],
)
def test_unit_at_every_boundary(price, unit):
    assert price_unit("KRW-BTC", Decimal(price), {}) == Decimal(unit)


@pytest.mark.parametrize(("price", "taken"), [("100000000", True), ("100000500", False), ("1400.5", False)])
def test_price_between_units_is_not_taken(price, taken):
    assert is_on_unit("KRW-BTC", Decimal(price), {}) is taken


def test_market_override_replaces_the_table():
    overrides = {"KRW-USDT": Decimal("0.5")}
    assert price_unit("KRW-USDT", Decimal(1400), overrides) == Decimal("0.5")
    assert is_on_unit("KRW-USDT", Decimal("1400.5"), overrides)
    assert price_unit("KRW-XRP", Decimal(1400), overrides) == 1


def test_grouping_levels_are_multiples_of_the_unit():
    assert grouping_levels(Decimal(1000)) == ["0", "10000", "100000", "1000000", "10000000"]
