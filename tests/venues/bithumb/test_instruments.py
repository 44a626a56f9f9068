"""Reference data: the published price units, warnings in everybody's words, and odd rows."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.sim.core.ticks import bithumb_tick
from arb.venues.bithumb.instruments import DEFAULT_TERMS, KRW_BANDS, instrument, warnings
from arb.venues.krw.instruments import last_prices
from arb.venues.rows import OddField

BTC = Symbol("BTC/KRW")


@pytest.mark.parametrize(
    ("price", "unit"),
    [
        ("0.5", "0.0001"),
        ("1", "0.001"),
        ("9.999", "0.001"),
        ("10", "0.01"),
        ("99.99", "0.01"),
        ("100", "1"),
        ("1000", "1"),
        ("5000", "5"),
        ("10000", "10"),
        ("50000", "50"),
        ("100000", "100"),
        ("500000", "500"),
        ("1000000", "1000"),
        ("140000000", "1000"),
    ],
)
def test_the_price_units_are_the_published_ones(price: str, unit: str):
    assert next(each for lower, each in KRW_BANDS if Decimal(price) >= lower) == Decimal(unit)
    assert bithumb_tick(Decimal(price)) == Decimal(unit)


def test_an_instrument_rounds_to_its_units():
    made = instrument(BTC, "", Decimal(140_000_000), DEFAULT_TERMS)
    assert {made.round_price(Decimal("140000500"), side) % 1_000 for side in Side} == {0}
    assert (made.quote, made.taker_fee_bps, made.notional_min) == ("KRW", 25, 5_000)


def test_a_caution_is_what_others_call_a_warning():
    rows = [
        {"market": "KRW-BTC", "market_warning": "NONE"},
        {"market": "KRW-ETH", "market_warning": "CAUTION"},
        {"market": "KRW-XRP"},
        {"market": "KRW-ADA", "market_warning": 7},
        {"market": "BTC-ETH", "market_warning": "NONE"},
    ]
    found = warnings(rows)
    assert (found[BTC], found[Symbol("ETH/KRW")], found[Symbol("XRP/KRW")]) == ("", "WARNING", "")
    assert isinstance(found[Symbol("ADA/KRW")], OddField)
    assert Symbol("ETH/BTC") not in found


def test_a_price_that_is_none_is_odd():
    found = last_prices([{"market": "KRW-BTC", "trade_price": 0}])
    assert isinstance(found[BTC], OddField)
