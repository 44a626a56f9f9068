"""The public calls about what was traded: trades, aggregates and candles, oldest first."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from arb.domain.time import NS_PER_MS
from arb.sim.binance import errors, params
from arb.sim.binance.order_form import symbol_of
from arb.sim.binance.params import Params
from arb.sim.binance.public_trades import BinanceTrade, PublicTrades
from arb.sim.binance.symbols import Symbol
from arb.sim.binance.wire import milliseconds, text
from arb.sim.core.candles import DAY_S, MONTH, WEEK, SimulatedCandle, end_of

LIMIT_DEFAULT: Final = 500
LIMIT_MAX: Final = 1_000
_UNITS: Final = {"m": 60, "h": 3_600, "d": DAY_S}
_NAMES: Final = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d")
INTERVALS: Final[Mapping[str, int | str]] = {
    **{name: int(name[:-1]) * _UNITS[name[-1]] for name in _NAMES},
    "1w": WEEK,
    "1M": MONTH,
}


class PublicHistory:
    """Answers about the past; there is none from before the simulator began."""

    def __init__(self, symbols: Mapping[str, Symbol], trades: PublicTrades) -> None:
        self._symbols = symbols
        self._trades = trades

    def trades(self, given: Params) -> list[dict[str, Any]]:
        """Return the newest trades, or the oldest from `fromId` on."""
        return [
            {
                "id": trade.number,
                "price": text(trade.level.price),
                "qty": text(trade.level.quantity),
                "quoteQty": text(trade.level.price * trade.level.quantity),
                "time": milliseconds(trade.ts_ns),
                "isBuyerMaker": trade.buyer_is_maker,
                "isBestMatch": True,
            }
            for trade in self._page(given)
        ]

    def aggregate_trades(self, given: Params) -> list[dict[str, Any]]:
        """Return the newest aggregates, or the oldest from an id or a time on; each is one trade here."""
        return [
            {
                "a": trade.number,
                "p": text(trade.level.price),
                "q": text(trade.level.quantity),
                "f": trade.number,
                "l": trade.number,
                "T": milliseconds(trade.ts_ns),
                "m": trade.buyer_is_maker,
                "M": True,
            }
            for trade in self._page(given)
        ]

    def klines(self, given: Params) -> list[list[Any]]:
        """Return candles: the newest, or the oldest from `startTime` on."""
        coin = symbol_of(given, self._symbols).coin.name
        span = INTERVALS.get(params.require(given, "interval"))
        if span is None:
            raise errors.BinanceError(-1120, "Invalid interval.")
        candles = self._trades.candles.get(coin)
        start, end = params.integer(given, "startTime"), params.integer(given, "endTime")
        found = [
            _kline(each, end_of(each.begins_s, span) * 1_000 - 1)
            for each in (candles.of(span) if candles else ())
            if (start is None or each.begins_s * 1_000 >= start)
            and (end is None or each.begins_s * 1_000 <= end)
        ]
        return found[: _limit(given)] if start is not None else found[-_limit(given) :]

    def _page(self, given: Params) -> list[BinanceTrade]:
        coin, limit = symbol_of(given, self._symbols).coin.name, _limit(given)
        found: Iterable[BinanceTrade] = self._trades.recent.get(coin, ())
        first = params.integer(given, "fromId")
        start, end = params.integer(given, "startTime"), params.integer(given, "endTime")
        wanted = [
            trade
            for trade in found
            if (first is None or trade.number >= first)
            and (start is None or trade.ts_ns >= start * NS_PER_MS)
            and (end is None or trade.ts_ns < (end + 1) * NS_PER_MS)
        ]
        is_oldest = first is not None or start is not None
        return list(islice(wanted, limit)) if is_oldest else wanted[-limit:]


def _limit(given: Params) -> int:
    limit = params.integer(given, "limit", LIMIT_DEFAULT)
    if limit == 0:
        raise errors.BinanceError(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(limit or LIMIT_DEFAULT, LIMIT_MAX)


def _kline(candle: SimulatedCandle, closes_ms: int) -> list[Any]:
    return [
        candle.begins_s * 1_000,
        text(candle.opening),
        text(candle.high),
        text(candle.low),
        text(candle.closing),
        text(candle.volume),
        closes_ms,
        text(candle.funds),
        candle.trades,
        text(candle.bought),
        text(candle.bought_funds),
        "0",
    ]
