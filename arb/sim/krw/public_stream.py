"""The public stream: order books, trades, tickers and candles, each rendered once per step and format.

Streams are named `orderbook.KRW-BTC`, `trade.KRW-BTC`, `ticker.KRW-BTC`, `candle.1m.KRW-BTC` in fault
plans. A market or a grouping that does not exist is answered with silence, as on the venue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.sim.core.book import SimulatedBook
from arb.sim.core.context import VenueContext
from arb.sim.core.fault_stream import PublicShaper
from arb.sim.krw.candle_news import CandleNews
from arb.sim.krw.connection import KrwConnection
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.live_book import live_book
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.public_trades import KrwTrade, trade_message
from arb.sim.krw.quotation import grouped, grouping_levels, orderbook_fields
from arb.sim.krw.subscription import CANDLE_SPANS, KrwSubscription, split_code
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.tickers import ticker_message
from arb.sim.krw.variant import ProtocolVariant

SNAPSHOT: Final = "SNAPSHOT"
REALTIME: Final = "REALTIME"


@dataclass(frozen=True, slots=True)
class _Channel:
    """What one kind of frame is about."""

    type: str
    market: str
    units: int = 0  # rows of an order book
    level: int = 0  # grouping of an order book, KRW


class PublicStream:
    """Sends every connection what it subscribed to."""

    def __init__(
        self, context: VenueContext, variant: ProtocolVariant, tape: PublicTape, board: Switchboard
    ) -> None:
        self._context = context
        self._variant = variant
        self._tape = tape
        self._board = board
        self._candles = CandleNews(tape)
        self._shaper = PublicShaper(context.faults, context.clock, _swap_sides)
        self._wanted: dict[KrwConnection, tuple[_Channel, ...]] = {}

    def join(self, connection: KrwConnection) -> None:
        """Give a connection its snapshots and, from now on, what it subscribed to."""
        for subscription in connection.subscriptions:
            if subscription.snapshot:
                for channel in self._channels(subscription):
                    for message in self._messages(channel, SNAPSHOT, None):
                        connection.send(message)
        live = (each for each in connection.subscriptions if each.realtime)
        self._wanted[connection] = tuple(channel for each in live for channel in self._channels(each))

    def leave(self, connection: KrwConnection) -> None:
        """Drop a connection."""
        self._wanted.pop(connection, None)

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in list(self._wanted):
            connection.drop()

    def publish(self, trades: list[tuple[str, KrwTrade]]) -> None:
        """Send the books, trades, tickers and candles of one step to whoever subscribed."""
        self._candles.step(self._context.now_ns())
        fresh: dict[str, list[KrwTrade]] = {}
        for market, trade in trades:
            fresh.setdefault(market, []).append(trade)
        rendered: dict[tuple[_Channel, str], list[bytes]] = {}
        for connection, channels in self._wanted.items():
            for channel in channels:
                key = channel, connection.form
                if key not in rendered:
                    rendered[key] = list(self._frames(channel, connection.form, fresh))
                lag_ms = self._shaper.lag_ms(f"{channel.type}.{channel.market}") if rendered[key] else 0
                for frame in rendered[key]:
                    connection.send_in_order(frame, lag_ms)

    def _frames(self, channel: _Channel, form: str, fresh: dict[str, list[KrwTrade]]) -> Iterator[bytes]:
        if channel.type == "orderbook" and channel.market not in self._tape.moved:
            return
        if channel.type == "orderbook" and channel.level == 0:
            stamp = self._variant.book_stamp(self._context.now_ns())
            told = live_book(channel.market, self._tape.books[channel.market], channel.units, stamp, form)
            if told is not None:
                shaped = self._shaper.push(f"orderbook.{channel.market}", told)
                if shaped is not None:
                    yield shaped
                return
        for message in self._messages(channel, REALTIME, fresh.get(channel.market, [])):
            frame = self._shaper.push(f"{channel.type}.{channel.market}", encode_frame(message, form))
            if frame is not None:
                yield frame

    def _messages(
        self, channel: _Channel, stream_type: str, trades: list[KrwTrade] | None
    ) -> Iterator[dict[str, Any]]:
        """Yield a channel's messages: for a snapshot (trades is None) the last, else the news."""
        now_ns, market = self._context.now_ns(), channel.market
        book, day = self._tape.books[market], self._tape.days[market]
        if channel.type == "orderbook":
            yield self._orderbook(channel, book, stream_type)
        elif channel.type == "ticker" and trades != []:
            yield ticker_message(market, day, now_ns) | {"stream_type": stream_type}
        elif channel.type in CANDLE_SPANS:
            tell = self._candles.newest if trades is None else self._candles.news
            for message in tell(channel.type, market, now_ns):
                yield message | {"stream_type": stream_type}
        elif channel.type == "trade":
            for trade in [day.last] if trades is None else trades:
                message = trade_message(market, trade, day.opening, book, now_ns)
                yield message | {"stream_type": stream_type}

    def _orderbook(self, channel: _Channel, book: SimulatedBook, stream_type: str) -> dict[str, Any]:
        shown = grouped(book, Decimal(channel.level))
        return {
            "type": "orderbook",
            "code": channel.market,
            **orderbook_fields(shown, self._variant.book_stamp(self._context.now_ns()), channel.units),
            "stream_type": stream_type,
            "level": channel.level,
        }

    def _channels(self, subscription: KrwSubscription) -> Iterator[_Channel]:
        for code in subscription.codes:
            market, units = split_code(code)
            if market not in self._tape.books:
                continue
            if subscription.type != "orderbook":
                yield _Channel(subscription.type, market)
            elif subscription.level == 0 or str(subscription.level) in self._levels(market):
                rows = min(units, self._variant.book_units_max)
                yield _Channel("orderbook", market, rows, subscription.level)

    def _levels(self, market: str) -> list[str]:
        return grouping_levels(self._board.unit_at(market, self._tape.best_price(market)))


def _swap_sides(frame: bytes) -> bytes:
    """Return an order book frame with bid and ask prices exchanged; other frames as they are."""
    for ask, bid in ((b'"ask_price"', b'"bid_price"'), (b'"ap"', b'"bp"')):
        frame = frame.replace(ask, b"\0").replace(bid, ask).replace(b"\0", bid)
    return frame
