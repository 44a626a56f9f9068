"""What a bot on ccxt does, by its unified functions: the same at both venues."""

from typing import Any

import ccxt

from tests.conformance.judge import Judge, Refusal, Refused
from tests.conformance.shapes import number, rows, whole

COINS = {"BTC": 0.001, "ETH": 0.01, "XRP": 10.0}


def holds(**expected: Any) -> Any:
    """Return a predicate: an object with at least these fields of these values, or that suit."""

    def suits(value: Any) -> bool:
        return all(
            wanted(value[name]) if callable(wanted) else value[name] == wanted
            for name, wanted in expected.items()
        )

    suits.__name__ = f"an object with {expected}"
    return suits


def try_unified(judge: Judge, exchange: ccxt.Exchange, quote: str) -> None:
    """Make the unified calls with one client."""
    judge.ask("load_markets", lambda: sorted(exchange.load_markets())[:1], rows)
    judge.ask("fetch_tickers", lambda: list(exchange.fetch_tickers().values()), [holds(last=number)])
    judge.ask("fetch_balance", lambda: exchange.fetch_balance()[quote], holds(free=number, total=number))
    for coin, amount in COINS.items():
        _one_market(judge, exchange, f"{coin}/{quote}", amount)


def _one_market(judge: Judge, exchange: ccxt.Exchange, symbol: str, amount: float) -> None:
    def ask(call: str, expected: Any, *given: Any) -> Any:
        return judge.ask(f"{call} {symbol}", lambda: _ask(getattr(exchange, call), *given), expected)

    ticker = ask("fetch_ticker", holds(symbol=symbol, last=number), symbol)
    ask("fetch_order_book", holds(bids=bool, asks=bool), symbol)
    ask("fetch_trades", [holds(symbol=symbol, price=number, amount=number)], symbol)
    ask("fetch_ohlcv", [(whole, number, number, number, number, number)], symbol, "1m")
    if ticker is None:
        return
    for side, factor in (("buy", 0.95), ("sell", 1.05)):
        price = float(f"{ticker['last'] * factor:.4g}")  # a multiple of every coin's price unit
        resting = holds(id=bool, status="open", side=side)
        placed = ask("create_order", resting, symbol, "limit", side, amount, price)
        if placed is not None:
            ask("fetch_order", holds(status="open", filled=0.0), placed["id"], symbol)
            ask("fetch_open_orders", [holds(symbol=symbol, status="open")], symbol)
            ask("cancel_order", holds(id=placed["id"]), placed["id"], symbol)
            ask("fetch_order", holds(status="canceled"), placed["id"], symbol)
            ask("cancel_order", Refusal("OrderNotFound"), placed["id"], symbol)
    sold = ask("create_order", holds(id=bool), symbol, "market", "sell", amount)
    if sold is not None:
        ask("fetch_order", holds(status="closed", filled=amount), sold["id"], symbol)


def _ask(function: Any, *given: Any) -> Any:
    try:
        return function(*given)
    except ccxt.BaseError as error:
        raise Refused(0, type(error).__name__) from error
