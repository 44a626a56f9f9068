"""Candles of a second and of minutes as the WebSocket tells them: once a second, where something was traded.

The candle that was told last comes once more when the next one has begun, so that a client gets how it
ended. Shapes: docs.upbit.com, websocket-candle (v1.6.4).
"""

from collections.abc import Iterator
from typing import Any

from arb.domain.time import NS_PER_S
from arb.sim.core.candles import SimulatedCandle
from arb.sim.krw.candle_routes import candle_fields
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.subscription import CANDLE_SPANS
from arb.sim.krw.text import milliseconds


class CandleNews:
    """Which candles are due, and their messages."""

    def __init__(self, tape: PublicTape) -> None:
        self._tape = tape
        self._second = 0
        self._told_ns: dict[str, int] = {}  # market -> the newest trade that was told
        self._due: dict[str, int] = {}  # market -> since when, of this step; Unix seconds

    def step(self, now_ns: int) -> None:
        """Note which markets are due at a step."""
        self._due = {}
        if self._second == now_ns // NS_PER_S:
            return
        self._second = now_ns // NS_PER_S
        for market, trades in self._tape.recent.items():
            newest_ns = trades[-1].ts_ns
            told_ns = self._told_ns.get(market)
            if told_ns != newest_ns:
                self._due[market] = (newest_ns if told_ns is None else told_ns) // NS_PER_S
                self._told_ns[market] = newest_ns

    def news(self, kind: str, market: str, now_ns: int) -> Iterator[dict[str, Any]]:
        """Yield what a step brought of a market, e.g. of candle.1m."""
        since_s = self._due.get(market)
        if since_s is not None:
            for candle in self._tape.made_of(market, CANDLE_SPANS[kind]).since(since_s, CANDLE_SPANS[kind]):
                yield _message(kind, market, candle, now_ns)

    def newest(self, kind: str, market: str, now_ns: int) -> Iterator[dict[str, Any]]:
        """Yield the newest candle, for a snapshot: it is of an earlier time if nothing was traded since."""
        traded_s = self._tape.recent[market][-1].ts_ns // NS_PER_S
        *_, candle = self._tape.made_of(market, CANDLE_SPANS[kind]).since(traded_s, CANDLE_SPANS[kind])
        yield _message(kind, market, candle, now_ns)


def _message(kind: str, market: str, candle: SimulatedCandle, now_ns: int) -> dict[str, Any]:
    return {"type": kind, "code": market} | candle_fields(candle) | {"timestamp": milliseconds(now_ns)}
