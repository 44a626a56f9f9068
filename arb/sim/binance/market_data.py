"""The public calls: time, rules, books and prices."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from arb.sim.binance import errors, params
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.day_tickers import DayTickers
from arb.sim.binance.order_form import symbol_of
from arb.sim.binance.params import Params
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.symbols import Symbol, exchange_info
from arb.sim.binance.wire import mid_of, milliseconds, rows, text, top
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_kinds import FaultKind, WalletState
from arb.sim.core.faults import Fault

DEPTH_DEFAULT: Final = 100
DEPTH_MAX: Final = 5_000
MINI: Final = (
    "symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime",
    "closeTime", "firstId", "lastId", "count",
)  # fmt: skip


class MarketData:
    """Answers that need no key."""

    def __init__(
        self,
        context: VenueContext,
        symbols: Mapping[str, Symbol],
        books: PublishedBooks,
        trades: PublicTrades,
    ) -> None:
        self._context = context
        self._symbols = symbols
        self._books = books
        self._trades = trades
        self._day = DayTickers(books, trades)

    def ping(self, _given: Params) -> dict[str, Any]:
        return {}

    def time(self, _given: Params) -> dict[str, Any]:
        return {"serverTime": milliseconds(self._context.now_ns())}

    def exchange_info(self, given: Params) -> dict[str, Any]:
        """Return the rules of the symbols asked for, or of all."""
        return exchange_info(self._chosen(given), milliseconds(self._context.now_ns()))

    def depth(self, given: Params) -> dict[str, Any]:
        """Return the book with its update id."""
        symbol = symbol_of(given, self._symbols)
        limit = min(params.integer(given, "limit", DEPTH_DEFAULT) or DEPTH_DEFAULT, DEPTH_MAX)
        update_id, book = self._books.now(symbol.coin.name)
        return {"lastUpdateId": update_id, "bids": rows(book.bids[:limit]), "asks": rows(book.asks[:limit])}

    def book_ticker(self, given: Params) -> Any:
        """Return the best bid and ask, of one symbol or of many."""
        tickers = [self._ticker(symbol) for symbol in self._chosen(given)]
        return tickers[0] if "symbol" in given else tickers

    def price(self, given: Params) -> Any:
        """Return the price, which is the best bid."""
        prices = [
            {"symbol": ticker["symbol"], "price": ticker["bidPrice"]}
            for ticker in (self._ticker(symbol) for symbol in self._chosen(given))
        ]
        return prices[0] if "symbol" in given else prices

    def day_ticker(self, given: Params) -> Any:
        """Return the tickers of the last 24 hours."""
        kind = given.get("type", "FULL")
        if kind not in ("FULL", "MINI"):
            raise errors.BinanceError(-1100, "Illegal characters found in parameter 'type'.")
        now_ms = milliseconds(self._context.now_ns())
        tickers = [self._day.rest(symbol.coin.name, now_ms) for symbol in self._chosen(given)]
        if kind == "MINI":
            tickers = [{name: ticker[name] for name in MINI} for ticker in tickers]
        return tickers[0] if "symbol" in given else tickers

    def average_price(self, given: Params) -> dict[str, Any]:
        """Return the average price of five minutes; the middle of the book before the first trade."""
        coin, now_ns = symbol_of(given, self._symbols).coin.name, self._context.now_ns()
        average = self._trades.average(coin, self._context.clock.now_ns())
        if average is None:
            return {
                "mins": 5,
                "price": text(mid_of(self._books.now(coin)[1])),
                "closeTime": milliseconds(now_ns),
            }
        traded_ms = milliseconds(self._trades.recent[coin][-1].ts_ns)
        return {"mins": 5, "price": text(average), "closeTime": traded_ms}

    def reference_price(self, given: Params) -> dict[str, Any]:
        """Refuse: no symbol has one here, so that the filters go by the average price."""
        symbol_of(given, self._symbols)
        raise errors.BinanceError(-2043, "This symbol doesn't have a reference price.")

    def execution_rules(self, given: Params) -> dict[str, Any]:
        """Return no rule for any symbol asked for."""
        self._chosen(given)
        return {"symbolRules": []}

    def coins(self, _given: Params) -> list[dict[str, Any]]:
        """Return the wallet's coin list in the least form that clients load."""
        names = [symbol.coin.name for symbol in self._symbols.values()]
        return [
            _wallet(name, self._context.faults.standing(FaultKind.CLOSED_WALLET, name))
            for name in (*names, "USDT")
        ]

    def no_pairs(self, _given: Params) -> list[Any]:
        """Return the margin pairs, of which there are none."""
        return []

    def _ticker(self, symbol: Symbol) -> dict[str, str]:
        _, book = self._books.now(symbol.coin.name)
        bid, bid_quantity = top(book.bids)
        ask, ask_quantity = top(book.asks)
        return {
            "symbol": symbol.name,
            "bidPrice": bid,
            "bidQty": bid_quantity,
            "askPrice": ask,
            "askQty": ask_quantity,
        }

    def _chosen(self, given: Params) -> list[Symbol]:
        if "symbol" in given:
            return [symbol_of(given, self._symbols)]
        if "symbols" not in given:
            return list(self._symbols.values())
        try:
            names = orjson.loads(given["symbols"])
        except orjson.JSONDecodeError:
            names = None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise errors.illegal_characters(
                "symbols", r"^\[(\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\")*)?\]$"
            )
        return [symbol_of({"symbol": name}, self._symbols) for name in names]


def _wallet(coin: str, closed: Fault | None) -> dict[str, Any]:
    """Return one line of the wallet's coin list; a closed one may still do one of the two."""
    takes = closed is None or closed.wallet is WalletState.DEPOSIT_ONLY
    gives = closed is None or closed.wallet is WalletState.WITHDRAW_ONLY
    open_ways = {"depositEnable": takes, "withdrawEnable": gives}
    network = {"network": coin, "coin": coin, "name": coin, "isDefault": True, "busy": False} | open_ways
    flags = {"depositAllEnable": takes, "withdrawAllEnable": gives, "trading": True}
    return {"coin": coin, "name": coin, "isLegalMoney": False, "networkList": [network]} | flags
