"""Upbit's reference data as instruments."""

from decimal import Decimal
from typing import Any

import pytest

from arb.domain.errors import DataError
from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import UPBIT_KRW_BANDS
from arb.venues.reply import read
from arb.venues.upbit import instruments as reference
from arb.venues.upbit import replies as replies
from tests.venues.samples import UPBIT_CHANCE, response


def test_markets_with_their_warnings():
    caution = {"PRICE_FLUCTUATIONS": False, "GLOBAL_PRICE_DIFFERENCES": False}
    premium = {"PRICE_FLUCTUATIONS": True, "GLOBAL_PRICE_DIFFERENCES": True}
    body = [
        {"market": "KRW-BTC", "market_event": {"warning": False, "caution": caution}},
        {"market": "KRW-ETH", "market_event": {"warning": True, "caution": premium}},
        {"market": "KRW-ADA"},
        {"market": "BTC-ETH", "market_event": {"warning": True, "caution": caution}},
    ]
    assert reference.warnings(body) == {
        "BTC/KRW": "",
        "ETH/KRW": "WARNING,GLOBAL_PRICE_DIFFERENCES,PRICE_FLUCTUATIONS",
        "ADA/KRW": "",
    }


def test_chance_takes_the_dearer_fee_and_the_higher_minimum():
    terms = reference.terms(UPBIT_CHANCE)
    assert (terms.taker_fee_bps, terms.notional_min) == (5, 6_000)
    assert (terms.notional_max, terms.is_active) == (1_000_000_000, True)


def test_the_published_unit_replaces_the_band_of_the_price_only():
    bands = dict(reference.merged_bands(Decimal("1400.5"), Decimal("0.5")))
    assert bands[Decimal(1000)] == Decimal("0.5")
    changed = {lower for lower, tick in UPBIT_KRW_BANDS if bands[lower] != tick}
    assert changed == {Decimal(1000)}


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "", None])
def test_a_price_or_unit_that_is_not_above_zero_is_malformed(value: Any):
    ticks = response(200, [{"market": "KRW-BTC", "tick_size": value}])
    prices = response(200, [{"market": "KRW-BTC", "trade_price": value}])
    for reply, parser in ((ticks, reference.tick_sizes), (prices, reference.last_prices)):
        with pytest.raises(DataError):
            read(reply, parser)


def test_a_price_on_the_bound_belongs_to_the_band_above():
    bands = dict(reference.merged_bands(Decimal(1000), Decimal(3)))
    assert (bands[Decimal(1000)], bands[Decimal(100)]) == (3, 1)


def test_an_instrument_without_published_unit_uses_the_table():
    made = reference.instrument(Symbol("BTC/KRW"), "", Decimal(140_000_000), {}, reference.DEFAULT_TERMS)
    assert made.price_bands == UPBIT_KRW_BANDS
    assert (made.venue_symbol, made.base, made.quote) == ("KRW-BTC", "BTC", "KRW")
    assert (made.taker_fee_bps, made.notional_min) == (5, 5_000)
    assert made.quantity_max == Decimal("7.14285714")
