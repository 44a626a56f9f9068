"""Parameters and filters: each mistake has its code."""

from decimal import Decimal

import pytest

from arb.sim.binance.errors import BinanceError
from arb.sim.binance.filters import check_filters
from arb.sim.binance.order_form import parse_order
from arb.sim.binance.symbols import make_symbols
from arb.sim.core.coins import DEFAULT_COINS
from arb.sim.core.orders import OrderSide, TimeInForce

SYMBOLS = make_symbols([DEFAULT_COINS["BTC"]])
LIMIT = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "0.01000",
    "price": "100000.00", "newClientOrderId": "arb-1",
}  # fmt: skip
MARKET = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.01", "newClientOrderId": "m"}


def parse(base, **changes):
    given = {name: value for name, value in (base | changes).items() if value is not None}
    return parse_order(given, SYMBOLS, 5)


def refusal(base, **changes):
    """Return code and text of the refusal of the parameters or of a filter."""
    with pytest.raises(BinanceError) as refused:
        check_filters(parse(base, **changes), SYMBOLS["BTCUSDT"], Decimal(100_000), open_orders=0)
    return refused.value.code, refused.value.text


def test_limit_order_is_understood():
    request = parse(LIMIT)
    assert (request.coin, request.side, request.time_in_force) == ("BTC", OrderSide.BUY, TimeInForce.IOC)
    assert (request.price, request.quantity, request.client_id) == (100_000, Decimal("0.01"), "arb-1")


def test_market_order_is_given_in_base_or_in_quote():
    assert parse(MARKET).quantity == Decimal("0.01")
    assert parse(MARKET, quantity=None, quoteOrderQty="100").quote_quantity == 100


@pytest.mark.parametrize(
    ("base", "changes", "code"),
    [
        (LIMIT, {"symbol": None}, -1102), (LIMIT, {"symbol": "NOPE"}, -1121), (LIMIT, {"side": "UP"}, -1117),
        (LIMIT, {"type": "STOP_LOSS"}, -1116), (LIMIT, {"timeInForce": "GTX"}, -1115),
        (LIMIT, {"timeInForce": None}, -1102), (LIMIT, {"quantity": None}, -1102),
        (LIMIT, {"quantity": ""}, -1105), (LIMIT, {"quantity": "1e-5"}, -1100),
        (LIMIT, {"quantity": "-1"}, -1100), (LIMIT, {"price": "1.123456789"}, -1111),
        (LIMIT, {"newClientOrderId": "a b"}, -1100), (LIMIT, {"newClientOrderId": "a" * 37}, -1100),
        (LIMIT, {"colour": "red"}, -1104), (LIMIT, {"quoteOrderQty": "5"}, -1106),
        (MARKET, {"price": "1"}, -1106), (MARKET, {"timeInForce": "GTC"}, -1106),
        (MARKET, {"quantity": None}, -1102), (MARKET, {"quoteOrderQty": "5"}, -1106),
    ],
)  # fmt: skip
def test_mistake_has_its_code(base, changes, code):
    assert refusal(base, **changes)[0] == code


@pytest.mark.parametrize(
    ("base", "changes", "name"),
    [
        (LIMIT, {"price": "100000.005"}, "PRICE_FILTER"), (LIMIT, {"price": "0.00"}, "PRICE_FILTER"),
        (LIMIT, {"price": "500000.01"}, "PERCENT_PRICE_BY_SIDE"),
        (LIMIT, {"price": "19999.99"}, "PERCENT_PRICE_BY_SIDE"),
        (LIMIT, {"quantity": "0.000015"}, "LOT_SIZE"), (LIMIT, {"quantity": "9000.00001"}, "LOT_SIZE"),
        (LIMIT, {"quantity": "0.00004"}, "NOTIONAL"), (LIMIT, {"quantity": "90.1"}, "NOTIONAL"),
        (MARKET, {"quantity": "0.00004"}, "NOTIONAL"), (MARKET, {"quantity": "101"}, "MARKET_LOT_SIZE"),
        (MARKET, {"quantity": None, "quoteOrderQty": "4.99"}, "NOTIONAL"),
    ],
)  # fmt: skip
def test_filter_names_itself(base, changes, name):
    assert refusal(base, **changes) == (-1013, f"Filter failure: {name}")


def test_edges_of_the_filters_pass():
    for changes in ({"quantity": "0.00005"}, {"price": "500000.00"}, {"price": "20000.00"}):
        check_filters(parse(LIMIT, **changes), SYMBOLS["BTCUSDT"], Decimal(100_000), open_orders=199)


def test_too_many_open_orders_are_refused():
    with pytest.raises(BinanceError, match="MAX_NUM_ORDERS"):
        check_filters(parse(LIMIT), SYMBOLS["BTCUSDT"], Decimal(100_000), open_orders=200)
