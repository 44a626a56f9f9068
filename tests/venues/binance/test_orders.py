"""Binance requests."""

from decimal import Decimal
from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.venues.api_key import ApiKey
from arb.venues.binance import orders as binance
from arb.venues.binance.auth import RequestStamp, sign
from arb.venues.request import Effect, LimitUsage
from tests.venues.samples import make_order, response

KEY = ApiKey(
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
STAMP = RequestStamp(api_key=KEY, timestamp_ms=1499827319559, recv_window_ms=5000)


def test_an_order_travels_in_the_body_signed_with_its_stamp():
    request = binance.place(make_order(), STAMP)
    payload, _, signature = request.body.decode().rpartition("&signature=")
    fields = {name: values[0] for name, values in parse_qs(payload).items()}
    assert fields == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.01",
        "price": "100000.5",
        "newClientOrderId": "a1-abcdefghijkl2-b1",
        "newOrderRespType": "FULL",
        "recvWindow": "5000",
        "timestamp": "1499827319559",
    }
    assert signature == sign(KEY.secret, payload)
    assert (request.method, request.path, request.query) == ("POST", "/api/v3/order", "")
    assert request.headers["X-MBX-APIKEY"] == KEY.key
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (request.group, request.weight, request.effect) == ("order", 1, Effect.PLACE)


def test_small_amounts_have_no_exponent_on_the_wire():
    order = make_order(quantity=Decimal("1E-8"), limit_price=Decimal("1E+5"), side=Side.SELL)
    parameters = binance.order_parameters(order)
    assert (parameters["quantity"], parameters["price"]) == ("0.00000001", "100000")
    assert parameters["side"] == "SELL"


@given(st.decimals(min_value=Decimal("1E-12"), max_value=Decimal("1E12"), allow_nan=False))
def test_amounts_survive_the_wire(quantity: Decimal):
    text = binance.order_parameters(make_order(quantity=quantity))["quantity"]
    assert Decimal(text) == quantity
    assert "E" not in text


def test_same_order_and_stamp_give_the_same_request():
    assert binance.place(make_order(), STAMP) == binance.place(make_order(), STAMP)


def test_no_repr_shows_a_secret_or_a_signature():
    request = binance.query(make_order(), STAMP)
    shown = f"{request!r} {STAMP!r} {KEY!r} {binance.place(make_order(), STAMP)!r}"
    assert KEY.key not in shown
    assert KEY.secret not in shown
    assert "signature" not in shown


def test_queries_name_our_id_and_their_weight():
    order = make_order()
    query, cancel = binance.query(order, STAMP), binance.cancel(order, STAMP)
    assert query.query.startswith("symbol=BTCUSDT&origClientOrderId=a1-abcdefghijkl2-b1&")
    assert (query.method, query.weight, query.effect) == ("GET", 4, Effect.READ)
    assert (cancel.method, cancel.path, cancel.effect) == ("DELETE", "/api/v3/order", Effect.CANCEL)


def test_weights_of_the_lists():
    symbol = Symbol("BTC/USDT")
    requests = (
        binance.trades_of(symbol, "28", 0, STAMP),
        binance.open_orders(symbol, STAMP),
        binance.open_orders(None, STAMP),
        binance.all_orders(symbol, 1, 2, STAMP),
        binance.account(STAMP),
        binance.commission(symbol, STAMP),
        binance.exchange_info([symbol]),
        binance.server_time(),
    )
    assert [request.weight for request in requests] == [5, 6, 80, 20, 20, 20, 20, 1]


def test_exchange_info_names_several_symbols():
    request = binance.exchange_info([Symbol("BTC/USDT"), Symbol("ETH/USDT")])
    assert unquote(request.query) == 'symbols=["BTCUSDT","ETHUSDT"]'


def test_usage_headers():
    reply = response(200, {}, x_mbx_used_weight_1m="37", x_mbx_order_count_10s="2")
    assert set(binance.usage(reply)) == {
        LimitUsage(group="weight", used=37),
        LimitUsage(group="order", used=2),
    }
    assert binance.usage(response(200, {}, x_mbx_used_weight_1m="?")) == ()
