"""Lists of orders as the venues show them: ours, somebody else's, and of markets that we have no name for."""

from decimal import Decimal

import pytest

from arb.domain.errors import DataError
from arb.domain.market.ids import TradeId, Venue, client_order_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import OrderState
from arb.venues.binance.listed import listed as binance_listed
from arb.venues.reply import read
from arb.venues.upbit.listed import listed as upbit_listed
from tests.venues.samples import BINANCE_ROW, UPBIT_WAIT, response

OURS = client_order_id(TradeId("abcdefghijkl2"), Venue.BINANCE, 1)


def test_binance_rows_keep_foreign_ids_and_markets():
    (order,) = read(response(200, [{**BINANCE_ROW, "clientOrderId": "web_1"}]), binance_listed)
    assert (order.symbol, order.client_order_id, order.venue_order_id) == ("LTCBTC", "web_1", "1")
    assert not order.is_ours


def test_binance_rows_of_ours_are_told_by_their_id():
    row = {**BINANCE_ROW, "symbol": "BTCUSDT", "clientOrderId": OURS, "executedQty": "0.25", "side": "SELL"}
    (order,) = read(response(200, [row]), binance_listed)
    assert (order.symbol, order.side, order.executed) == ("BTC/USDT", Side.SELL, Decimal("0.25"))
    assert order.is_ours


def test_our_id_of_the_other_venue_is_not_ours():
    (order,) = read(response(200, [{**UPBIT_WAIT, "identifier": OURS}]), upbit_listed)
    assert not order.is_ours


@pytest.mark.parametrize(
    ("wire", "side", "state", "status"),
    [("bid", Side.BUY, "wait", OrderState.ACCEPTED), ("ask", Side.SELL, "cancel", OrderState.CANCELED)],
)
def test_upbit_rows_without_an_identifier_have_an_empty_one(wire, side, state, status):
    row = {**UPBIT_WAIT, "side": wire, "state": state, "market": "KRW-BTC", "identifier": None}
    (order,) = read(response(200, [row]), upbit_listed)
    assert (order.symbol, order.client_order_id, order.side, order.status) == ("BTC/KRW", "", side, status)
    assert str(order) == f"upbit {side} order {row['uuid']} of BTC/KRW"


@pytest.mark.parametrize("parse", [binance_listed, upbit_listed])
@pytest.mark.parametrize("body", [[{}], [1], "x", None])
def test_what_is_no_list_of_orders_is_malformed(parse, body):
    with pytest.raises(DataError):
        read(response(200, body), parse)
