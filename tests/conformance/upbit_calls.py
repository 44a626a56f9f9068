"""The calls of Upbit (Korea) that every client is tried with, each with the documented answer."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from tests.conformance import upbit_answers as answers
from tests.conformance.judge import Judge, NotOffered, Refusal
from tests.conformance.shapes import rows

Speak = Callable[[str, dict[str, Any]], Any]
Call = tuple[str, dict[str, Any], Any]
PACE_S = 0.1  # between calls: the tightest limits are ten a second
PLACE = "POST /orders"
FIND = "GET /order"
CANCEL = "DELETE /order"
UNITS = {"KRW-BTC": 1000, "KRW-ETH": 1000, "KRW-XRP": 1}
VOLUMES = {"KRW-BTC": "0.001", "KRW-ETH": "0.01", "KRW-XRP": "10"}
MINUTES = (1, 3, 5, 10, 15, 30, 60, 240)
NOBODY = "00000000-0000-4000-8000-000000000000"


def try_upbit(judge: Judge, speak: Speak) -> None:
    """Make every call that the client has a function for."""
    _all(judge, speak, (*_quotation(), *_account(), *_transfers(), *_not_offered()))
    numbers = count(1)
    for market in UNITS:
        for side in ("bid", "ask"):
            _orders(judge, speak, market, side, numbers)
    _all(judge, speak, ((PLACE, params, Refusal(code)) for params, code in _refused_orders()))
    _all(judge, speak, _after_trading())


def _all(judge: Judge, speak: Speak, calls: Any) -> None:
    for endpoint, params, expected in calls:
        judge.ask(_name(endpoint, params), lambda e=endpoint, p=params: speak(e, p), expected)


def _name(endpoint: str, params: dict[str, Any]) -> str:
    return f"{endpoint} " + " ".join(str(value) for value in params.values())


def _quotation() -> Iterator[Call]:
    yield "GET /market/all", {}, [answers.PAIR]
    yield "GET /market/all", {"is_details": "true"}, [answers.PAIR_IN_DETAIL]
    yield "GET /ticker", {"markets": "KRW-BTC,KRW-ETH"}, [answers.TICKER]
    yield "GET /ticker/all", {"quote_currencies": "KRW"}, [answers.TICKER]
    yield "GET /orderbook", {"markets": "KRW-BTC,KRW-ETH"}, [answers.BOOK]
    yield "GET /orderbook/instruments", {"markets": "KRW-BTC,KRW-ETH"}, [answers.INSTRUMENT]
    yield "GET /orderbook/supported_levels", {"markets": "KRW-BTC"}, [answers.LEVELS]
    for market in UNITS:
        yield "GET /ticker", {"markets": market}, [answers.TICKER]
        yield "GET /orderbook", {"markets": market}, [answers.BOOK]
        yield "GET /orderbook", {"markets": market, "count": 5}, [answers.BOOK]
        yield "GET /orderbook/instruments", {"markets": market}, [answers.INSTRUMENT]
        yield "GET /trades/ticks", {"market": market, "count": 3}, [answers.TICK]
        for unit in MINUTES:
            yield f"GET /candles/minutes/{unit}", {"market": market, "count": 2}, [answers.MINUTE]
        yield "GET /candles/days", {"market": market, "count": 1}, [answers.DAY]
        yield "GET /candles/weeks", {"market": market, "count": 1}, [answers.PERIOD]
        yield "GET /candles/months", {"market": market, "count": 1}, [answers.PERIOD]
        yield "GET /candles/years", {"market": market, "count": 1}, [answers.PERIOD]
        yield "GET /candles/seconds", {"market": market, "count": 2}, [answers.CANDLE]
    for path in ("ticker", "orderbook"):
        yield f"GET /{path}", {"markets": "KRW-NOSUCH"}, Refusal("404")
    for path in ("trades/ticks", "candles/minutes/1", "candles/days"):
        yield f"GET /{path}", {"market": "KRW-NOSUCH"}, Refusal("404")


def _account() -> Iterator[Call]:
    yield "GET /accounts", {}, [answers.ACCOUNT]
    yield "GET /api_keys", {}, [answers.KEY]
    yield "GET /status/wallet", {}, [answers.WALLET]
    yield "GET /orders/open", {}, rows
    yield "GET /orders/closed", {}, rows
    for market in UNITS:
        yield "GET /orders/chance", {"market": market}, answers.CHANCE
        yield "GET /orders/open", {"market": market, "state": "wait"}, rows
    yield "GET /orders/chance", {"market": "KRW-NOSUCH"}, Refusal("validation_error")
    for endpoint in (FIND, CANCEL):
        yield endpoint, {"uuid": NOBODY}, Refusal("order_not_found")
        yield endpoint, {"identifier": "never-sent"}, Refusal("order_not_found")


def _transfers() -> Iterator[Call]:
    """Deposits and withdrawals: read, and never made."""
    for params in ({}, {"currency": "KRW"}, {"state": "ACCEPTED", "limit": 2, "order_by": "asc"}):
        yield "GET /deposits", params, [answers.DEPOSIT]
    yield "GET /withdraws", {}, rows
    yield "GET /deposit", {"currency": "BTC"}, answers.DEPOSIT | {"currency": "BTC", "net_type": "BTC"}
    yield "GET /deposit", {"uuid": NOBODY}, Refusal("deposit_not_found")
    yield "GET /withdraw", {"uuid": NOBODY}, Refusal("withdraw_not_found")
    yield "GET /deposits/coin_addresses", {}, [answers.ADDRESS]
    yield "GET /withdraws/coin_addresses", {}, rows
    yield "GET /travel_rule/vasps", {}, [answers.VASP]
    for coin in ("BTC", "USDT"):
        by = {"currency": coin, "net_type": coin}
        yield "GET /deposits/chance/coin", by, answers.DEPOSIT_CHANCE | by
        yield "GET /deposits/coin_address", by, answers.ADDRESS | by
        yield "GET /withdraws/chance", by, answers.WITHDRAW_CHANCE
    nowhere = {"currency": "NOSUCH", "net_type": "NOSUCH"}
    for path in ("deposits/chance/coin", "deposits/coin_address", "withdraws/chance"):
        yield f"GET /{path}", nowhere, Refusal("validation_error")
    money = {"amount": "10000", "two_factor_type": "kakao"}
    coins = {"currency": "BTC", "net_type": "BTC"}
    for endpoint, params in (
        ("POST /deposits/krw", money),
        ("POST /deposits/generate_coin_address", coins),
        ("POST /withdraws/krw", money),
        ("POST /withdraws/coin", coins | {"amount": "0.1", "address": "nowhere"}),
        ("DELETE /withdraws/coin", {"uuid": NOBODY}),
    ):
        yield endpoint, params, Refusal("out_of_scope")


def _not_offered() -> Iterator[Call]:
    vasp = {"vasp_uuid": NOBODY, "deposit_uuid": NOBODY}
    yield "POST /travel_rule/deposit/uuid", vasp, NotOffered("verification by the travel rule")
    yield "GET /pockets", {}, NotOffered("pockets")


def _orders(judge: Judge, speak: Speak, market: str, side: str, numbers: Iterator[int]) -> None:
    """Place, find and cancel one order of each kind."""
    place = {"markets": market, "count": 1}
    books = judge.ask(_name("GET /orderbook", place), lambda: speak("GET /orderbook", place), [answers.BOOK])
    if books is None:
        return
    best = books[0]["orderbook_units"][0]
    far, across = _prices(market, side, Decimal(str(best["bid_price"])))
    order = {"market": market, "side": side}
    limit = order | {"ord_type": "limit", "volume": VOLUMES[market]}

    def named(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"identifier": f"{judge.client.split()[0]}-{market}-{side}-{next(numbers)}"}

    _life(judge, speak, named(limit | {"price": far}))
    _life(judge, speak, named(limit | {"price": far, "time_in_force": "post_only"}))
    _replaced(judge, speak, named(limit | {"price": far}))
    test = limit | {"price": far}
    _all(judge, speak, [("POST /orders/test", test, answers.WAITING)])
    for time_in_force in ("ioc", "fok"):
        timed = limit | {"time_in_force": time_in_force}
        _immediate(judge, speak, named(timed | {"price": across}), "done", answers.TRADED)
        _immediate(judge, speak, named(timed | {"price": far}), "cancel", answers.SHOWN)
        best_price = {"price": "20000"} if side == "bid" else {"volume": VOLUMES[market]}
        body = order | {"ord_type": "best", "time_in_force": time_in_force} | best_price
        _immediate(judge, speak, named(body), None, answers.TRADED)
    whole = {"ord_type": "price", "price": "20000"}
    if side == "ask":
        whole = {"ord_type": "market", "volume": VOLUMES[market]}
    _immediate(judge, speak, named(order | whole), None, answers.TRADED)


def _prices(market: str, side: str, middle: Decimal) -> tuple[str, str]:
    """Return a price where an order rests, and one where it trades at once."""
    unit = UNITS[market]
    low, high = (int(middle * Decimal(factor)) // unit * unit for factor in ("0.95", "1.05"))
    return (str(low), str(high)) if side == "bid" else (str(high), str(low))


def _life(judge: Judge, speak: Speak, order: dict[str, Any]) -> None:
    """An order that rests: placed, found by both ids, listed, refused a second time, cancelled."""
    placed = judge.ask(_name(PLACE, order), lambda: speak(PLACE, order), answers.WAITING)
    if placed is None:
        return
    by_id, by_name = {"uuid": placed["uuid"]}, {"identifier": order["identifier"]}
    _all(
        judge,
        speak,
        (
            (FIND, by_id, answers.SHOWN | {"state": "wait", "market": order["market"]}),
            (FIND, by_name, answers.SHOWN | {"uuid": placed["uuid"]}),
            ("GET /orders/open", {"market": order["market"]}, [answers.WAITING]),
            ("GET /orders/uuids", {"uuids": [placed["uuid"]]}, [answers.ORDER]),
            ("GET /orders/uuids", {"identifiers": [order["identifier"]]}, [answers.ORDER]),
            (PLACE, order, Refusal("invalid_parameter")),
            (CANCEL, by_name, answers.ORDER | {"uuid": placed["uuid"]}),
            (FIND, by_id, answers.SHOWN | {"state": "cancel"}),
        ),
    )


def _replaced(judge: Judge, speak: Speak, order: dict[str, Any]) -> None:
    """An order that gives way to another, which is cancelled by its uuid among others."""
    placed = judge.ask(_name(PLACE, order), lambda: speak(PLACE, order), answers.WAITING)
    if placed is None:
        return
    change = {
        "prev_order_uuid": placed["uuid"], "new_ord_type": "limit", "new_price": order["price"],
        "new_volume": "remain_only",
    }  # fmt: skip
    swap = "POST /orders/cancel_and_new"
    answer = judge.ask(_name(swap, change), lambda: speak(swap, change), answers.REPLACED)
    if answer is not None:
        many = {"uuids": [answer["new_order_uuid"]]}
        _all(judge, speak, [("DELETE /orders/uuids", many, answers.CANCELED_MANY)])
    _all(judge, speak, [(CANCEL, {"uuid": placed["uuid"]}, Refusal("order_not_found"))])


def _immediate(
    judge: Judge, speak: Speak, order: dict[str, Any], state: str | None, expected: dict[str, Any]
) -> None:
    """An order that is over at once: placed, then found with its trades."""
    placed = judge.ask(_name(PLACE, order), lambda: speak(PLACE, order), answers.ORDER)
    if placed is None:
        return
    by_id = {"uuid": placed["uuid"]}
    found = expected | ({} if state is None else {"state": state})
    _all(judge, speak, [(FIND, by_id, found)])


def _refused_orders() -> Iterator[tuple[dict[str, Any], str]]:
    bid = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.001", "price": "100000000"}
    for change, code in (
        ({"market": "KRW-NOSUCH"}, "validation_error"),
        ({"side": "hold"}, "validation_error"),
        ({"ord_type": "wish"}, "validation_error"),
        ({"volume": "0.00001"}, "under_min_total_bid"),
        ({"price": "100000001"}, "invalid_price_bid"),
        ({"volume": "9"}, "insufficient_funds_bid"),
        ({"side": "ask", "price": "300000001"}, "invalid_price_ask"),
        ({"side": "ask", "volume": "0.00001"}, "under_min_total_ask"),
        ({"side": "ask", "ord_type": "price"}, "create_ask_error"),
        ({"ord_type": "market"}, "create_bid_error"),
    ):
        yield bid | change, code


def _after_trading() -> Iterator[Call]:
    for market in UNITS:
        yield "GET /orders/closed", {"market": market, "limit": 5}, [answers.ORDER]
        for state in ("done", "cancel"):
            yield "GET /orders/closed", {"market": market, "state": state}, [answers.ORDER | {"state": state}]
    yield "DELETE /orders/open", {"cancel_side": "all"}, answers.CANCELED_MANY
