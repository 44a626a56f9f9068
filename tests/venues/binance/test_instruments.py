"""Binance's reference data as instruments."""

from decimal import Decimal
from typing import Any

import pytest

from arb.domain.market.listing import UNNAMED
from arb.venues.binance import replies as replies
from arb.venues.binance.instruments import instruments, taker_fee_bps
from arb.venues.rows import OddField
from tests.venues.samples import BINANCE_MARKET


def test_exchange_info_becomes_an_instrument():
    (instrument,) = instruments({"symbols": [BINANCE_MARKET]})
    assert (instrument.symbol, instrument.venue_symbol, instrument.base) == ("BTC/USDT", "BTCUSDT", "BTC")
    assert instrument.tick(Decimal(100_000)) == Decimal("0.01")
    assert (instrument.lot_step, instrument.notional_min) == (Decimal("0.00001"), 5)
    assert (instrument.quantity_min, instrument.quantity_max) == (Decimal("0.00001"), 9000)
    assert (instrument.taker_fee_bps, instrument.tradable, instrument.warning) == (10, True, "")


@pytest.mark.parametrize("status", ["HALT", "BREAK", "CANCEL_ONLY", "END_OF_DAY"])
def test_a_market_that_is_not_trading_is_not_tradable(status: str):
    (instrument,) = instruments({"symbols": [{**BINANCE_MARKET, "status": status}]})
    assert (instrument.tradable, instrument.warning) == (False, status)


def test_a_filter_that_is_off_leaves_the_precision():
    filters = [
        {**BINANCE_MARKET["filters"][0], "tickSize": "0.00000000"},
        {**BINANCE_MARKET["filters"][1], "maxQty": "0"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10"},
    ]
    (instrument,) = instruments({"symbols": [{**BINANCE_MARKET, "filters": filters}]})
    assert instrument.tick(Decimal(1)) == Decimal("1E-8")
    assert instrument.notional_min == 10
    assert instrument.quantity_max > 1_000_000


def test_of_both_filters_of_a_minimum_both_hold():
    filters = [*BINANCE_MARKET["filters"], {"filterType": "MIN_NOTIONAL", "minNotional": "10"}]
    (instrument,) = instruments({"symbols": [{**BINANCE_MARKET, "filters": filters}]})
    assert instrument.notional_min == 10


def changed(**filters: Any) -> dict[str, Any]:
    """The market with fields of its filters changed, or whole filters left out."""
    rows = [
        {**row, **(filters.get(row["filterType"]) or {})}
        for row in BINANCE_MARKET["filters"]
        if filters.get(row["filterType"], {}) is not None
    ]
    return {**BINANCE_MARKET, "filters": rows}


ODD = [
    ("LOT_SIZE", changed(LOT_SIZE=None), "missing"),
    ("PRICE_FILTER", changed(PRICE_FILTER=None), "missing"),
    ("NOTIONAL", changed(NOTIONAL=None), "missing"),
    ("LOT_SIZE.stepSize", changed(LOT_SIZE={"stepSize": "0.00000000"}), "0.00000000"),
    ("LOT_SIZE.stepSize", changed(LOT_SIZE={"stepSize": "-0.1"}), "-0.1"),
    ("LOT_SIZE.stepSize", changed(LOT_SIZE={"stepSize": None}), "null"),
    ("LOT_SIZE.stepSize", changed(LOT_SIZE={"stepSize": True}), "True"),
    ("LOT_SIZE.minQty", changed(LOT_SIZE={"minQty": "NaN"}), "NaN"),
    ("LOT_SIZE.maxQty", changed(LOT_SIZE={"maxQty": "0.000001"}), "0.000001"),
    ("PRICE_FILTER.tickSize", changed(PRICE_FILTER={"tickSize": "-0.01"}), "-0.01"),
    ("PRICE_FILTER.tickSize", changed(PRICE_FILTER={"tickSize": "2000000"}), "2000000"),
    ("NOTIONAL.minNotional", changed(NOTIONAL={"minNotional": "-5"}), "-5"),
    ("NOTIONAL.minNotional", changed(NOTIONAL={"minNotional": "5000000"}), "5000000"),
    ("NOTIONAL.minNotional", changed(NOTIONAL={"minNotional": "1e9999"}), "1e9999"),
    ("status", {**BINANCE_MARKET, "status": "FROZEN_SOLID"}, "FROZEN_SOLID"),
    ("status", {**BINANCE_MARKET, "status": None}, "null"),
    ("orderTypes", {**BINANCE_MARKET, "orderTypes": None}, "null"),
    ("filters", {**BINANCE_MARKET, "filters": [None]}, "[None]"),
    ("baseAsset", {**BINANCE_MARKET, "baseAsset": "ETH"}, "ETH"),
    ("baseAsset", {name: BINANCE_MARKET[name] for name in BINANCE_MARKET if name != "baseAsset"}, "missing"),
]


@pytest.mark.parametrize(("field", "row", "value"), ODD)
def test_an_odd_row_is_named_with_its_field_and_the_others_are_kept(field: str, row: Any, value: str):
    ether = {**BINANCE_MARKET, "symbol": "ETHUSDT", "baseAsset": "ETH"}
    listing = instruments({"symbols": [row, ether]})
    assert [rule.symbol for rule in listing] == ["ETH/USDT"]
    (odd,) = listing.odd
    assert (odd.symbol, odd.field) == ("BTC/USDT", field)
    assert odd.value.startswith(value)


def test_a_market_that_is_listed_twice_is_odd():
    listing = instruments({"symbols": [BINANCE_MARKET, changed(LOT_SIZE={"minQty": "1"})]})
    assert listing.rules == ()
    assert str(listing.odd[0]) == "binance says of BTC/USDT that market is listed twice"


@pytest.mark.parametrize("row", [None, "BTCUSDT", {**BINANCE_MARKET, "symbol": None}, {}])
def test_a_row_without_a_name_takes_no_other_away(row: Any):
    listing = instruments({"symbols": [row, BINANCE_MARKET]})
    assert [rule.symbol for rule in listing] == ["BTC/USDT"]
    assert [odd.symbol for odd in listing.odd] == [UNNAMED]


@pytest.mark.parametrize("rates", [None, {}, {"taker": "-0.001"}, {"taker": "0.5"}, {"taker": None}])
def test_a_commission_that_cannot_be_is_odd(rates: Any):
    odd = taker_fee_bps({"standardCommission": rates})
    assert isinstance(odd, OddField)
    assert odd.field.startswith("standardCommission")


def test_taker_fee_adds_every_commission_and_no_discount():
    body = {
        "standardCommission": {"maker": "0.001", "taker": "0.001", "buyer": "0", "seller": "0.0002"},
        "taxCommission": {"maker": "0", "taker": "0.0001", "buyer": "0", "seller": "0"},
        "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discount": "0.75"},
    }
    assert taker_fee_bps(body) == Decimal(13)
