"""Upbit's reference data as instruments."""

from decimal import Decimal
from typing import Any

import pytest

from arb.domain.market.ids import Symbol
from arb.venues.krw.instruments import last_prices
from arb.venues.reply import read
from arb.venues.rows import OddField
from arb.venues.terms import terms as terms_of
from arb.venues.upbit import instruments as reference
from arb.venues.upbit import replies as replies
from arb.venues.upbit.instruments import KRW_BANDS
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
    terms = terms_of(UPBIT_CHANCE)
    assert (terms.taker_fee_bps, terms.notional_min) == (5, 6_000)
    assert (terms.notional_max, terms.is_active) == (1_000_000_000, True)


def test_the_published_unit_replaces_the_band_of_the_price_only():
    bands = dict(reference.merged_bands(Decimal("1400.5"), Decimal("0.5")))
    assert bands[Decimal(1000)] == Decimal("0.5")
    changed = {lower for lower, tick in KRW_BANDS if bands[lower] != tick}
    assert changed == {Decimal(1000)}


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "", None])
def test_a_price_or_unit_that_is_not_above_zero_is_odd_and_the_others_are_read(value: Any):
    for field, parser in (("tick_size", reference.tick_sizes), ("trade_price", last_prices)):
        rows = [{"market": "KRW-BTC", field: value}, {"market": "KRW-ETH", field: 5}]
        found = read(response(200, rows), parser)
        assert found["ETH/KRW"] == 5
        odd = found["BTC/KRW"]
        assert isinstance(odd, OddField)
        assert odd.field == field


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("bid_fee", {"bid_fee": None}),
        ("ask_fee", {"ask_fee": "-0.0005"}),
        ("bid_fee", {"bid_fee": "5"}),
        ("market", {"market": None}),
        ("market.bid", {"market": {**UPBIT_CHANCE["market"], "bid": None}}),
        ("market.ask.min_total", {"market": {**UPBIT_CHANCE["market"], "ask": {"min_total": "-1"}}}),
        ("market.min_total", {"market": {**UPBIT_CHANCE["market"], "ask": {"min_total": "5000000000"}}}),
        ("market.max_total", {"market": {**UPBIT_CHANCE["market"], "max_total": "0"}}),
        ("market.state", {"market": {**UPBIT_CHANCE["market"], "state": None}}),
    ],
)
def test_terms_that_cannot_be_are_odd_and_name_their_field(field: str, change: dict[str, Any]):
    odd = terms_of({**UPBIT_CHANCE, **change})
    assert isinstance(odd, OddField)
    assert odd.field == field


def test_a_unit_of_a_tenth_of_the_price_is_odd():
    with pytest.raises(OddField, match="tick_size"):
        reference.instrument(
            Symbol("XRP/KRW"), "", Decimal(900), {Symbol("XRP/KRW"): Decimal(1000)}, reference.DEFAULT_TERMS
        )


@pytest.mark.parametrize("row", [None, "KRW-BTC", {}, {"market": None}, {"market": 7}, {"market": "BTC"}])
def test_a_row_without_a_market_takes_no_other_away(row: Any):
    assert reference.warnings([row, {"market": "KRW-ADA"}]) == {"ADA/KRW": ""}
    assert last_prices([row, {"market": "KRW-ADA", "trade_price": 1}]) == {"ADA/KRW": 1}


@pytest.mark.parametrize("event", ["WARNING", 7, {"caution": 3}])
def test_a_warning_that_cannot_be_read_is_odd_and_not_none(event: Any):
    found = reference.warnings([{"market": "KRW-BTC", "market_event": event}, {"market": "KRW-ADA"}])
    assert found["ADA/KRW"] == ""
    assert isinstance(found["BTC/KRW"], OddField)


def test_a_price_on_the_bound_belongs_to_the_band_above():
    bands = dict(reference.merged_bands(Decimal(1000), Decimal(3)))
    assert (bands[Decimal(1000)], bands[Decimal(100)]) == (3, 1)


def test_an_instrument_without_published_unit_uses_the_table():
    made = reference.instrument(Symbol("BTC/KRW"), "", Decimal(140_000_000), {}, reference.DEFAULT_TERMS)
    assert made.price_bands == KRW_BANDS
    assert (made.venue_symbol, made.base, made.quote) == ("KRW-BTC", "BTC", "KRW")
    assert (made.taker_fee_bps, made.notional_min) == (5, 5_000)
    assert made.quantity_max == Decimal("7.14285714")
