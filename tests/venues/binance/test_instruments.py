"""Binance's reference data as instruments."""

from decimal import Decimal

import pytest

from arb.venues.binance import replies as replies
from arb.venues.binance.instruments import instruments, taker_fee_bps
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


def test_taker_fee_adds_every_commission_and_no_discount():
    body = {
        "standardCommission": {"maker": "0.001", "taker": "0.001", "buyer": "0", "seller": "0.0002"},
        "taxCommission": {"maker": "0", "taker": "0.0001", "buyer": "0", "seller": "0"},
        "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discount": "0.75"},
    }
    assert taker_fee_bps(body) == Decimal(13)
