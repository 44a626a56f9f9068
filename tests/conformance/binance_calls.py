"""The calls of Binance Spot that every client is tried with, each with the documented answer."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tests.conformance import binance_answers as answers
from tests.conformance.judge import Judge, NotOffered, Refusal
from tests.conformance.shapes import anything, rows, whole

Speak = Callable[[str, dict[str, Any]], Any]
Call = tuple[str, dict[str, Any], Any]
ORDER = "POST /api/v3/order"
FIND = "GET /api/v3/order"
CANCEL = "DELETE /api/v3/order"
OPEN = "GET /api/v3/openOrders"
QUANTITIES = {"BTCUSDT": "0.00100", "ETHUSDT": "0.0100", "XRPUSDT": "10.0"}
INTERVALS = ("1m", "3m", "5m", "15m", "1h", "4h", "1d")


def try_binance(judge: Judge, speak: Speak) -> None:
    """Make every call that the client has a function for."""
    for endpoint, params, expected in (*_market_data(), *_account(), *_changes(), *_not_offered()):
        judge.ask(_name(endpoint, params), lambda e=endpoint, p=params: speak(e, p), expected)
    for symbol in QUANTITIES:
        for side in ("BUY", "SELL"):
            _orders(judge, speak, symbol, side)
    for params, code in _refused_orders():
        judge.ask(_name(ORDER, params), lambda p=params: speak(ORDER, p), Refusal(code))
    for endpoint, params, expected in _after_trading():
        judge.ask(_name(endpoint, params), lambda e=endpoint, p=params: speak(e, p), expected)


def _name(endpoint: str, params: dict[str, Any]) -> str:
    method, path = endpoint.split()
    return f"{method} {path.removeprefix('/api/v3/')} " + " ".join(str(value) for value in params.values())


def _market_data() -> Iterator[Call]:
    yield "GET /api/v3/ping", {}, {}
    yield "GET /api/v3/time", {}, {"serverTime": whole}
    yield "GET /api/v3/exchangeInfo", {}, answers.EXCHANGE
    yield "GET /api/v3/exchangeInfo", {"symbols": '["BTCUSDT","ETHUSDT"]'}, answers.EXCHANGE
    yield "GET /api/v3/ticker/price", {}, [answers.PRICE]
    yield "GET /api/v3/ticker/bookTicker", {}, [answers.BOOK_TICKER]
    yield "GET /api/v3/ticker/24hr", {}, [answers.DAY]
    two = {"symbols": '["BTCUSDT","ETHUSDT"]'}
    yield "GET /api/v3/ticker/price", two, [answers.PRICE]
    yield "GET /api/v3/ticker/bookTicker", two, [answers.BOOK_TICKER]
    yield "GET /api/v3/ticker/24hr", two, [answers.DAY]
    for symbol in QUANTITIES:
        yield from _market_data_of(symbol)
    for path in ("depth", "trades", "klines", "ticker/price", "ticker/bookTicker", "ticker/24hr", "avgPrice"):
        more = {"interval": "1m"} if path == "klines" else {}
        yield f"GET /api/v3/{path}", {"symbol": "NOSUCHUSDT"} | more, Refusal("-1121")
    yield "GET /api/v3/exchangeInfo", {"symbol": "NOSUCHUSDT"}, Refusal("-1121")
    yield "GET /api/v3/klines", {"symbol": "BTCUSDT", "interval": "7m"}, Refusal("-1120")


def _market_data_of(symbol: str) -> Iterator[Call]:
    one = {"symbol": symbol}
    yield "GET /api/v3/exchangeInfo", one, answers.EXCHANGE
    for limit in (5, 100, 1000):
        yield "GET /api/v3/depth", one | {"limit": limit}, answers.DEPTH
    for path in ("trades", "historicalTrades"):
        yield f"GET /api/v3/{path}", one | {"limit": 5}, [answers.TRADE]
    yield "GET /api/v3/aggTrades", one | {"limit": 5}, [answers.AGGREGATE]
    for interval in INTERVALS:
        yield "GET /api/v3/klines", one | {"interval": interval, "limit": 2}, [answers.KLINE]
    yield "GET /api/v3/uiKlines", one | {"interval": "1m", "limit": 2}, [answers.KLINE]
    yield "GET /api/v3/avgPrice", one, answers.AVERAGE
    yield "GET /api/v3/ticker/price", one, answers.PRICE
    yield "GET /api/v3/ticker/bookTicker", one, answers.BOOK_TICKER
    yield "GET /api/v3/ticker/24hr", one, answers.DAY
    yield "GET /api/v3/ticker/24hr", one | {"type": "MINI"}, answers.MINI_DAY


def _account() -> Iterator[Call]:
    yield "GET /api/v3/account", {}, answers.ACCOUNT
    yield "GET /api/v3/account", {"omitZeroBalances": "true"}, answers.ACCOUNT
    yield "GET /api/v3/rateLimit/order", {}, answers.ORDER_COUNT
    yield OPEN, {}, rows
    for symbol in QUANTITIES:
        yield "GET /api/v3/account/commission", {"symbol": symbol}, answers.COMMISSION
        yield OPEN, {"symbol": symbol}, rows
    for path in ("allOrders", "myTrades", "openOrders", "account/commission"):
        yield f"GET /api/v3/{path}", {"symbol": "NOSUCHUSDT"}, Refusal("-1121")
    yield "GET /api/v3/executionRules", {"symbol": "BTCUSDT"}, {"symbolRules": rows}
    yield "GET /api/v3/referencePrice", {"symbol": "BTCUSDT"}, Refusal("-2043")
    yield FIND, {"symbol": "BTCUSDT", "orderId": 999_999_999}, Refusal("-2013")
    yield FIND, {"symbol": "BTCUSDT", "origClientOrderId": "never-sent"}, Refusal("-2013")
    yield CANCEL, {"symbol": "BTCUSDT", "orderId": 999_999_999}, Refusal("-2011")
    yield "DELETE /api/v3/openOrders", {"symbol": "BTCUSDT"}, Refusal("-2011")


def _not_offered() -> Iterator[Call]:
    one = {"symbol": "BTCUSDT"}
    sell = one | {"side": "SELL", "quantity": "0.001"}
    yield "GET /api/v3/ticker", one | {"windowSize": "1h"}, NotOffered("rolling windows (`ticker`")
    yield "GET /api/v3/klines", one | {"interval": "1s"}, NotOffered("klines of a second")
    yield "GET /api/v3/ticker/tradingDay", one, NotOffered("`ticker/tradingDay`")
    yield "GET /api/v3/myAllocations", one, NotOffered("`myAllocations`")
    yield "GET /api/v3/openOrderList", {}, NotOffered("list orders")
    yield "GET /api/v3/allOrderList", {}, NotOffered("list orders")
    yield "GET /api/v3/myFilters", one, NotOffered("`myFilters`")
    yield "POST /api/v3/sor/order", sell | {"type": "MARKET"}, NotOffered("smart order routing")


def _changes() -> Iterator[Call]:
    """Change orders that are not there, and ask what became of them."""
    one = {"symbol": "BTCUSDT"}
    yield "GET /api/v3/myPreventedMatches", one | {"orderId": 999_999_999}, rows
    yield "GET /api/v3/order/amendments", one | {"orderId": 999_999_999}, rows
    yield "PUT /api/v3/order/amend/keepPriority", one | {"newQty": "0.0005"}, Refusal("-1102")
    yield "POST /api/v3/order/cancelReplace", one | {
        "side": "SELL", "quantity": "0.001", "type": "LIMIT", "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrderId": 999_999_999, "timeInForce": "GTC", "price": "200000.00",
    }, Refusal("-2022")  # fmt: skip


def _orders(judge: Judge, speak: Speak, symbol: str, side: str) -> None:
    """Place, find and cancel one order of each kind."""
    best, one = "GET /api/v3/ticker/bookTicker", {"symbol": symbol}
    book = judge.ask(_name(best, one), lambda: speak(best, one), answers.BOOK_TICKER)
    if book is None:
        return
    far, across = _prices(book, side)
    order = {"symbol": symbol, "side": side, "quantity": QUANTITIES[symbol]}
    limit = order | {"type": "LIMIT", "timeInForce": "GTC"}
    _life(judge, speak, limit | {"price": far})
    _life(judge, speak, order | {"type": "LIMIT_MAKER", "price": far})
    for time_in_force in ("IOC", "FOK"):
        placed = limit | {"timeInForce": time_in_force}
        _immediate(judge, speak, placed | {"price": across}, answers.FILLED)
        _immediate(judge, speak, placed | {"price": far}, answers.EXPIRED)
    market = {"symbol": symbol, "side": side, "type": "MARKET"}
    _immediate(judge, speak, market | {"quantity": QUANTITIES[symbol]}, answers.FILLED)
    _immediate(judge, speak, market | {"quoteOrderQty": "100"}, answers.FILLED)
    for kind, expected in (("ACK", answers.ACK), ("RESULT", answers.RESULT)):
        _immediate(judge, speak, limit | {"price": across, "newOrderRespType": kind}, expected)
    crossing = order | {"type": "LIMIT_MAKER", "price": across}
    judge.ask(_name(ORDER, crossing), lambda: speak(ORDER, crossing), Refusal("-2010"))
    test = limit | {"price": far}
    judge.ask(_name("POST /api/v3/order/test", test), lambda: speak("POST /api/v3/order/test", test), {})


def _prices(book: dict[str, str], side: str) -> tuple[str, str]:
    """Return a price where an order rests, and one where it trades at once."""
    bid, ask = Decimal(book["bidPrice"]), Decimal(book["askPrice"])
    low, high = (bid * Decimal("0.9")).quantize(bid), (ask * Decimal("1.1")).quantize(ask)
    unit = Decimal("0.01") if bid > 100 else Decimal("0.0001")
    low, high = low.quantize(unit), high.quantize(unit)
    return (str(low), str(high)) if side == "BUY" else (str(high), str(low))


def _life(judge: Judge, speak: Speak, order: dict[str, Any]) -> None:
    """An order that rests: placed, found by both ids, listed, refused a second time, cancelled, gone."""
    symbol, name = order["symbol"], f"c-{order['symbol']}-{order['side']}-{order['type']}-{judge.client[:8]}"
    order = order | {"newClientOrderId": name.replace(" ", "_")[:36]}
    answered = answers.ACK if order["type"] == "LIMIT_MAKER" else answers.RESTING
    placed = judge.ask(_name(ORDER, order), lambda: speak(ORDER, order), answered)
    if placed is None:
        return
    by_id = {"symbol": symbol, "orderId": placed["orderId"]}
    by_name = {"symbol": symbol, "origClientOrderId": order["newClientOrderId"]}
    steps: tuple[Call, ...] = (
        (FIND, by_id, answers.ORDER | {"status": "NEW"}),
        (FIND, by_name, answers.ORDER | {"status": "NEW", "orderId": placed["orderId"]}),
        (OPEN, {"symbol": symbol}, [answers.ORDER]),
        (ORDER, order, Refusal("-2010")),
        (CANCEL, by_name, answers.CANCELED | {"orderId": placed["orderId"]}),
        (CANCEL, by_id, Refusal("-2011")),
        (FIND, by_id, answers.ORDER | {"status": "CANCELED"}),
    )
    for endpoint, params, expected in steps:
        judge.ask(_name(endpoint, params), lambda e=endpoint, p=params: speak(e, p), expected)


def _immediate(judge: Judge, speak: Speak, order: dict[str, Any], expected: Any) -> None:
    """An order that is over at once: placed, found, and its trades."""
    placed = judge.ask(_name(ORDER, order), lambda: speak(ORDER, order), expected)
    if placed is None:
        return
    by_id = {"symbol": order["symbol"], "orderId": placed["orderId"]}
    found = answers.ORDER | ({"status": placed["status"]} if "status" in placed else {})
    judge.ask(_name(FIND, by_id), lambda: speak(FIND, by_id), found)
    if placed.get("status") == "FILLED":
        mine = "GET /api/v3/myTrades"
        judge.ask(_name(mine, by_id), lambda: speak(mine, by_id), [answers.MY_TRADE])


def _refused_orders() -> Iterator[tuple[dict[str, Any], str]]:
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    good |= {"quantity": "0.001", "price": "90000.00"}
    for change, code in (
        ({"symbol": "NOSUCHUSDT"}, "-1121"),
        ({"side": "HOLD"}, "-1117"),
        ({"type": "WISH"}, "-1116"),
        ({"timeInForce": "GTX"}, "-1115"),
        ({"quantity": "0.0000001"}, "-1013"),
        ({"quantity": "0.000000001"}, "-1111"),
        ({"quantity": "0"}, "-1013"),
        ({"quantity": "-1"}, "-1100"),
        ({"quantity": "0.00001"}, "-1013"),
        ({"quantity": "0.000015"}, "-1013"),
        ({"price": "90000.001"}, "-1013"),
        ({"price": "0.01"}, "-1013"),
        ({"price": "900000.00"}, "-1013"),
        ({"quantity": "100"}, "-2010"),
        ({"timeInForce": None}, "-1102"),
        ({"quantity": None}, "-1102"),
        ({"price": None}, "-1102"),
        ({"side": "SELL", "quantity": "50"}, "-2010"),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quantity": None}, "-1102"),
        ({"type": "MARKET", "timeInForce": None}, "-1106"),
        ({"newClientOrderId": "n" * 37}, "-1100"),
        ({"strategyType": 7}, "-1134"),
    ):
        yield {name: value for name, value in (good | change).items() if value is not None}, code


def _after_trading() -> Iterator[Call]:
    for symbol in QUANTITIES:
        yield "GET /api/v3/allOrders", {"symbol": symbol}, [answers.ORDER]
        yield "GET /api/v3/allOrders", {"symbol": symbol, "limit": 3}, [answers.ORDER]
        yield "GET /api/v3/myTrades", {"symbol": symbol, "limit": 3}, [answers.MY_TRADE]
        yield "GET /api/v3/myTrades", {"symbol": symbol, "fromId": 1}, [answers.MY_TRADE]
    yield "GET /sapi/v1/asset/tradeFee", {"symbol": "BTCUSDT"}, [anything]
    yield "GET /sapi/v1/capital/config/getall", {}, [anything]
