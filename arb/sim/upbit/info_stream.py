"""The stream of technical indicators, `/websocket/v1/info`: values when a candle closes, never a snapshot.

Any key may connect; the venue asks for no permission. Streams are named `indicator.KRW-BTC` in fault
plans. Source: docs.upbit.com, websocket-indicator (2026-10-20).
"""

from collections.abc import Iterator
from typing import Any

from arb.domain.time import NS_PER_S
from arb.sim.core.candles import SimulatedCandle, end_of
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_stream import PublicShaper
from arb.sim.krw.candle_routes import candle_fields
from arb.sim.krw.connection import KrwConnection
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.indicators import TIMEFRAMES
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.subscription import KrwSubscription
from arb.sim.krw.text import milliseconds


class InfoStream:
    """Sends every connection the indicators it subscribed to."""

    def __init__(self, context: VenueContext, tape: PublicTape) -> None:
        self._context = context
        self._tape = tape
        self._shaper = PublicShaper(context.faults, context.clock, lambda frame: frame)
        self._told_s = 0  # the moment of the step before
        self._connections: set[KrwConnection] = set()

    def join(self, connection: KrwConnection) -> None:
        """Tell a connection of every candle that closes from now on."""
        self._connections.add(connection)

    def leave(self, connection: KrwConnection) -> None:
        """Drop a connection."""
        self._connections.discard(connection)

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in list(self._connections):
            connection.drop()

    def publish(self) -> None:
        """Tell of the candles that closed since the step before."""
        now_s = self._context.now_ns() // NS_PER_S
        closed = {name for name, span in TIMEFRAMES.items() if self._told_s // span != now_s // span}
        if closed and self._told_s:
            for connection in list(self._connections):
                for subscription in connection.subscriptions:
                    if subscription.timeframe in closed:
                        self._tell(connection, subscription, now_s)
        self._told_s = now_s

    def _tell(self, connection: KrwConnection, subscription: KrwSubscription, now_s: int) -> None:
        span = TIMEFRAMES[subscription.timeframe]
        for market in subscription.codes:
            if market not in self._tape.candles:
                continue
            candles = [
                each for each in self._tape.candles[market].of(span) if end_of(each.begins_s, span) <= now_s
            ]
            stream = f"indicator.{market}"
            for message in self._messages(market, subscription, candles):
                frame = self._shaper.push(stream, encode_frame(message, connection.form))
                if frame is not None:
                    connection.send_in_order(frame, self._shaper.lag_ms(stream))

    def _messages(
        self, market: str, subscription: KrwSubscription, candles: list[SimulatedCandle]
    ) -> Iterator[dict[str, Any]]:
        for indicator in subscription.indicators:
            values = indicator.values(candles)
            if values is not None:
                yield {
                    "type": subscription.type,
                    "code": market,
                    "timeframe": subscription.timeframe,
                    "indicator": indicator.kind,
                    "params": indicator.params,
                    "value": values,
                    "candle_date_time_utc": candle_fields(candles[-1])["candle_date_time_utc"],
                    "timestamp": milliseconds(self._context.now_ns()),
                    "stream_type": "REALTIME",
                }
