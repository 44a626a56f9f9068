"""Summaries of what was traded, as streams: tickers once a second, candles every other second.

A ticker goes out when something was traded since the last one. A candle goes out a last time when it is
closed. Nothing is counted together for a stream that nobody listens to. Source:
docs/protocols/binance.md, its source 2; `!ticker@arr` is deprecated there since 2025-11-14.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

import orjson

from arb.sim.binance.day_tickers import DayTickers
from arb.sim.binance.frames import stream_name
from arb.sim.binance.history import INTERVALS
from arb.sim.binance.hub import StreamHub
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.symbols import symbol_name
from arb.sim.binance.wire import text
from arb.sim.core.candles import SimulatedCandle, end_of

TICKERS: Final = ("ticker", "miniTicker")
TICKER_MS: Final = 1_000
KLINE_MS: Final = 2_000

Ticker = Callable[[str, int], dict[str, Any]]


class Summaries:
    """Publishes tickers and candles to the streams that somebody listens to."""

    def __init__(self, tickers: DayTickers, trades: PublicTrades, hub: StreamHub) -> None:
        self._day = tickers
        self._trades = trades
        self._hub = hub
        self._tickers_at = self._klines_at = 0  # which second, or pair of seconds, was told last
        self._told_ns: dict[str, int] = {}  # coin -> the newest trade that a ticker was due for
        self._open: dict[str, int] = {}  # stream -> when the candle begins that was told as open

    def step(self, event_ms: int) -> None:
        """Publish what is due at a market step."""
        if self._tickers_at != event_ms // TICKER_MS:
            self._tickers_at = event_ms // TICKER_MS
            self._publish_tickers(event_ms)
        if self._klines_at != event_ms // KLINE_MS:
            self._klines_at = event_ms // KLINE_MS
            self._publish_klines(event_ms)

    def _publish_tickers(self, event_ms: int) -> None:
        fresh = [coin for coin in self._trades.recent if self._is_fresh(coin)]
        shapes: tuple[Ticker, ...] = (self._day.full, self._day.mini)
        for channel, shape in zip(TICKERS, shapes, strict=True):
            for coin in fresh:
                self._hub.publish(stream_name(coin, channel), partial(_ticker_frame, shape, coin, event_ms))
            if fresh:
                self._hub.publish(f"!{channel}@arr", partial(_array_frame, shape, fresh, event_ms))

    def _is_fresh(self, coin: str) -> bool:
        newest_ns = self._trades.recent[coin][-1].ts_ns
        before_ns, self._told_ns[coin] = self._told_ns.get(coin), newest_ns
        return newest_ns != before_ns

    def _publish_klines(self, event_ms: int) -> None:
        for coin in self._trades.candles:
            if self._hub.wants_any(frozenset(_kline_streams(coin))):
                for stream, interval in _kline_streams(coin).items():
                    self._kline(coin, stream, interval, event_ms)

    def _kline(self, coin: str, stream: str, interval: str, event_ms: int) -> None:
        if not self._hub.wants(stream):
            self._open.pop(stream, None)
            return
        span, now_s = INTERVALS[interval], event_ms // 1_000
        told_s = self._open.get(stream)
        for candle in self._trades.candles[coin].since(now_s if told_s is None else told_s, span):
            is_closed = end_of(candle.begins_s, span) <= now_s
            frame = partial(_kline_frame, coin, interval, candle, event_ms, is_closed)
            self._hub.publish(stream, frame)
            if is_closed:
                self._open.pop(stream, None)
            else:
                self._open[stream] = candle.begins_s


@cache
def _kline_streams(coin: str) -> dict[str, str]:
    """Return the interval of every candle stream of a coin."""
    return {stream_name(coin, f"kline_{interval}"): interval for interval in INTERVALS}


def _ticker_frame(shape: Ticker, coin: str, event_ms: int) -> bytes:
    return orjson.dumps(shape(coin, event_ms))


def _array_frame(shape: Ticker, coins: list[str], event_ms: int) -> bytes:
    return orjson.dumps([shape(coin, event_ms) for coin in coins])


def _kline_frame(coin: str, interval: str, candle: SimulatedCandle, event_ms: int, is_closed: bool) -> bytes:
    shape = {
        "t": candle.begins_s * 1_000,
        "T": end_of(candle.begins_s, INTERVALS[interval]) * 1_000 - 1,
        "s": symbol_name(coin),
        "i": interval,
        "f": candle.first_id,
        "L": candle.last_id,
        "o": text(candle.opening),
        "c": text(candle.closing),
        "h": text(candle.high),
        "l": text(candle.low),
        "v": text(candle.volume),
        "n": candle.trades,
        "x": is_closed,
        "q": text(candle.funds),
        "V": text(candle.bought),
        "Q": text(candle.bought_funds),
        "B": "0",
    }
    return orjson.dumps({"e": "kline", "E": event_ms, "s": symbol_name(coin), "k": shape})
