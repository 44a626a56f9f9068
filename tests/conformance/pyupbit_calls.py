"""The calls of pyupbit, which has functions of its own and a fixed address (front.py), and their answers."""

import io
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pyupbit

from tests.conformance import upbit_answers as answers
from tests.conformance.front import lead
from tests.conformance.judge import Judge, Refusal, Refused
from tests.conformance.shapes import number, rows, text
from tests.conformance.simulated_venues import KEY, SECRET, SimulatedVenues
from tests.conformance.upbit_calls import MINUTES, NOBODY, PACE_S, UNITS, VOLUMES

HOST = "api.upbit.com"
INTERVALS = (*(f"minute{unit}" for unit in MINUTES), "day", "week", "month")
CANDLE = {"open": number, "high": number, "low": number, "close": number, "volume": number, "value": number}
HIDDEN = "hidden by the client"


def try_pyupbit(judge: Judge, venues: SimulatedVenues, folder: Path) -> None:
    """Make every call of its functions that are about trading."""
    lead(HOST, venues.upbit_port, folder)
    account = pyupbit.Upbit(KEY, SECRET)

    def ask(call: str, function: Callable[..., Any], expected: Any, *given: Any, **named: Any) -> Any:
        return judge.ask(call, lambda: _ask(function, *given, **named), expected)

    ask("get_tickers", pyupbit.get_tickers, [text])
    ask("get_tickers KRW", pyupbit.get_tickers, [answers.PAIR], fiat="KRW", verbose=True)
    ask("get_balances", account.get_balances, [answers.ACCOUNT])
    ask("get_api_key_list", account.get_api_key_list, [answers.KEY])
    ask("get_deposit_withdraw_status", account.get_deposit_withdraw_status, [answers.WALLET])
    ask("get_current_price of all", pyupbit.get_current_price, dict.fromkeys(UNITS, number), list(UNITS))
    ask("get_orderbook of all", pyupbit.get_orderbook, [answers.BOOK], list(UNITS))
    ask("get_individual_order nobody's", account.get_individual_order, Refusal(HIDDEN), NOBODY)
    ask("cancel_order nobody's", account.cancel_order, Refusal(HIDDEN), NOBODY)
    ask("get_deposit_list", account.get_deposit_list, [answers.DEPOSIT], "KRW")
    ask("get_withdraw_list", account.get_withdraw_list, rows, "KRW")
    _transfers(ask, account)
    for market in UNITS:
        _one_market(ask, account, market)


def _transfers(ask: Callable[..., Any], account: pyupbit.Upbit) -> None:
    """One deposit, none of nobody's, and nothing withdrawn."""
    deposits = ask("get_deposit_list BTC", account.get_deposit_list, [answers.DEPOSIT], "BTC")
    if deposits is not None:
        uuid = deposits[0]["uuid"]
        one = answers.DEPOSIT | {"uuid": uuid}
        ask("get_individual_deposit_order", account.get_individual_deposit_order, one, uuid, "BTC")
    for function in (account.get_individual_deposit_order, account.get_individual_withdraw_order):
        ask(f"{function.__name__} nobody's", function, Refusal(HIDDEN), NOBODY, "BTC")
    ask("withdraw_coin", account.withdraw_coin, Refusal(HIDDEN), "BTC", "0.1", "nowhere")
    ask("withdraw_cash", account.withdraw_cash, Refusal(HIDDEN), "10000")


def _one_market(ask: Callable[..., Any], account: pyupbit.Upbit, market: str) -> None:
    coin = market.removeprefix("KRW-")
    price = ask(f"get_current_price {market}", pyupbit.get_current_price, number, market)
    ask(
        f"get_current_price {market} verbose",
        pyupbit.get_current_price,
        [answers.TICKER],
        market,
        verbose=True,
    )
    ask(f"get_orderbook {market}", pyupbit.get_orderbook, answers.BOOK, market)
    for interval in INTERVALS:
        ask(f"get_ohlcv {market} {interval}", _candles, [CANDLE], market, interval)
    for function in (account.get_balance, account.get_balance_t, account.get_avg_buy_price):
        ask(f"{function.__name__} {coin}", function, number, coin)
    ask(f"get_chance {market}", account.get_chance, answers.CHANCE, market)
    if price is None:
        return
    unit = UNITS[market]
    low, high = (int(price * factor) // unit * unit for factor in (0.95, 1.05))
    for function, far in ((account.buy_limit_order, low), (account.sell_limit_order, high)):
        name = f"{function.__name__} {market}"
        placed = ask(name, function, answers.WAITING, market, far, VOLUMES[market])
        ask(f"{name} of too little", function, Refusal(HIDDEN), market, far, "0.00000001")
        if placed is not None:
            uuid = placed["uuid"]
            ask(f"get_individual_order {name}", account.get_individual_order, answers.SHOWN, uuid)
            ask(f"get_order {name}", account.get_order, answers.SHOWN, uuid)
            ask(f"cancel_order {name}", account.cancel_order, answers.ORDER, uuid)
    ask(f"get_order {market}", account.get_order, rows, market)
    bought = ask(f"buy_market_order {market}", account.buy_market_order, answers.ORDER, market, 20000)
    sold = ask(
        f"sell_market_order {market}", account.sell_market_order, answers.ORDER, market, VOLUMES[market]
    )
    for placed in filter(None, (bought, sold)):
        ask(f"get_order {market} traded", account.get_order, answers.TRADED, placed["uuid"])


def _candles(market: str, interval: str) -> Any:
    frame = pyupbit.get_ohlcv(market, interval=interval, count=1)
    return None if frame is None else frame.to_dict("records")


def _ask(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Call; the client prints its errors and returns nothing."""
    time.sleep(PACE_S)
    with redirect_stdout(io.StringIO()):
        answer = function(*given, **named)
    if answer is None:
        raise Refused(0, HIDDEN)
    if isinstance(answer, dict) and "error" in answer:
        raise Refused(0, HIDDEN)
    return answer
