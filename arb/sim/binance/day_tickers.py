"""Tickers of the last 24 hours, in the form of the streams and in that of REST.

Source: docs/protocols/binance.md, its sources 1 (`ticker/24hr`) and 2.
"""

from types import MappingProxyType
from typing import Any, Final

from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.symbols import symbol_name
from arb.sim.binance.wire import ZERO_TEXT, text, top
from arb.sim.core.candles import SimulatedCandle

DAY_MS: Final = 86_400_000
REST_NAMES: Final = MappingProxyType(
    {
        "s": "symbol", "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice",
        "x": "prevClosePrice", "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty",
        "a": "askPrice", "A": "askQty", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume",
        "q": "quoteVolume", "O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
    }
)  # fmt: skip


class DayTickers:
    """Adds up what was traded in the last 24 hours."""

    def __init__(self, books: PublishedBooks, trades: PublicTrades) -> None:
        self._books = books
        self._trades = trades

    def mini(self, coin: str, now_ms: int) -> dict[str, Any]:
        """Return the short form of a coin's stream; something must have been traded."""
        return _mini(coin, now_ms, self._trades.candles[coin].day(now_ms // 1_000))

    def full(self, coin: str, now_ms: int) -> dict[str, Any]:
        """Return the long form of a coin's stream; something must have been traded."""
        day = self._trades.candles[coin].day(now_ms // 1_000)
        change = day.closing - day.opening
        return (
            _mini(coin, now_ms, day)
            | {
                "e": "24hrTicker",
                "p": text(change),
                "P": format(change / day.opening * 100, ".3f"),
                "w": text(day.funds / day.volume),
                "x": text(day.opening),
                "Q": text(self._trades.recent[coin][-1].level.quantity),
            }
            | self._touch(coin)
            | _span(now_ms, day.first_id, day.last_id, day.trades)
        )

    def rest(self, coin: str, now_ms: int) -> dict[str, Any]:
        """Return the form of REST; a day without trades stands at the best bid."""
        told = self.full(coin, now_ms) if coin in self._trades.candles else self._idle(coin, now_ms)
        return {name: told[short] for short, name in REST_NAMES.items()}

    def _idle(self, coin: str, now_ms: int) -> dict[str, Any]:
        touch = self._touch(coin)
        return (
            {"s": symbol_name(coin), "P": "0.000"}
            | dict.fromkeys("cohlxw", touch["b"])
            | dict.fromkeys("pQvq", ZERO_TEXT)
            | touch
            | _span(now_ms, -1, -1, 0)
        )

    def _touch(self, coin: str) -> dict[str, str]:
        _, book = self._books.now(coin)
        return dict(zip("bBaA", (*top(book.bids), *top(book.asks)), strict=True))


def _mini(coin: str, now_ms: int, day: SimulatedCandle) -> dict[str, Any]:
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": symbol_name(coin),
        "c": text(day.closing),
        "o": text(day.opening),
        "h": text(day.high),
        "l": text(day.low),
        "v": text(day.volume),
        "q": text(day.funds),
    }


def _span(now_ms: int, first_id: int, last_id: int, trades: int) -> dict[str, int]:
    return {"O": now_ms - DAY_MS, "C": now_ms, "F": first_id, "L": last_id, "n": trades}
