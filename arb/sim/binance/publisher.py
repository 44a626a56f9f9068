"""Turns market steps and fills into stream frames.

bookTicker goes out when the top moved, depth@100ms and partial depth @100ms with every step, their
slow forms once a second, and one seeded public trade a step at the touch.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.binance import frames
from arb.sim.binance.books import BookChange, PublishedBooks, merged
from arb.sim.binance.frames import stream_name
from arb.sim.binance.hub import StreamHub
from arb.sim.binance.public_trades import BinanceTrade, PublicTrades
from arb.sim.binance.wire import milliseconds
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.context import VenueContext
from arb.sim.core.events import OrderFilled
from arb.sim.core.fault_kinds import FaultStage
from arb.sim.core.faults import Call
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import OrderSide

PARTIAL_CHANNELS: Final = tuple((levels, f"depth{levels}@100ms", f"depth{levels}") for levels in (5, 10, 20))
CHANNELS: Final = ("bookTicker", "depth@100ms", "depth", "trade")


class BookPublisher:
    """Publishes the books of the seeded market."""

    def __init__(
        self,
        context: VenueContext,
        books: PublishedBooks,
        trades: PublicTrades,
        hub: StreamHub,
        drops: Iterable[Callable[[], None]],
    ) -> None:
        self._trades = trades
        self._context = context
        self._books = books
        self._hub = hub
        self._drops = tuple(drops)
        self._slow_at: dict[str, int] = {}  # coin -> second of the last slow frame
        self._collected: dict[str, BookChange] = {}  # coin -> what the slow diff has to say so far

    def cut(self) -> None:
        """Cut the connections that faults cut at a market step."""
        is_struck = self._context.strike(FaultStage.SOCKET, Call(endpoint="step")) is not None
        if is_struck or self._context.faults.cuts_sockets():
            for drop in self._drops:
                drop()

    def show(self, step: int, due_ns: int, books: Mapping[str, SimulatedBook]) -> None:
        """Publish books of a market step, that are due at that time of this machine."""
        event_ms = milliseconds(due_ns + self._context.faults.skew_ns())
        told = {}
        for coin, book in books.items():
            change = self._books.publish(coin, step, book)
            told[coin] = change.book
            if self._hub.wants_any(_streams_of(coin)):
                self._book(change, event_ms)
        for coin, trade in self._trades.advance(step, due_ns, told):
            self._trade(coin, trade)

    def partial_books(self, coin: str, update_id: int, book: SimulatedBook) -> None:
        """Publish the partial depth streams of one coin."""
        second = self._context.clock.now_ns() // NS_PER_S
        is_slow = self._slow_at.get(coin) != second
        self._slow_at[coin] = second
        for levels, fast, slow in PARTIAL_CHANNELS:
            make = partial(frames.partial_depth, update_id, book, levels)
            self._hub.publish(stream_name(coin, fast), make)
            if is_slow:
                self._hub.publish(stream_name(coin, slow), make)

    def on_event(self, recorded: Recorded) -> None:
        """Publish what a fill of ours did to the book. Listens to the engine."""
        fill = recorded.event
        if not isinstance(fill, OrderFilled):
            return
        level = SimulatedLevel(fill.price, fill.quantity)
        buyer_is_maker = (fill.side is OrderSide.BUY) is fill.maker
        self._trade(fill.coin, self._trades.add(fill.coin, level, recorded.ts_ns, buyer_is_maker))
        update_id, book = self._books.bite(fill.coin)
        make_top = partial(frames.book_ticker, fill.coin, update_id, book)
        self._hub.publish(stream_name(fill.coin, "bookTicker"), make_top)

    def _book(self, change: BookChange, event_ms: int) -> None:
        coin = change.coin
        if change.moved_top:
            make = partial(frames.book_ticker, coin, change.last_id, change.book)
            self._hub.publish(stream_name(coin, "bookTicker"), make)
        make = partial(frames.depth_update, coin, change, event_ms)
        self._hub.publish(stream_name(coin, "depth@100ms"), make)
        self._slow_diff(change, event_ms)
        self.partial_books(coin, change.last_id, change.book)

    def _slow_diff(self, change: BookChange, event_ms: int) -> None:
        """Collect changes for the one-second diff stream, and send them when it is due."""
        coin = change.coin
        stream = stream_name(coin, "depth")
        if not self._hub.wants(stream):
            self._collected.pop(coin, None)
            return
        collected = merged(self._collected.pop(coin, None), change)
        if self._slow_at.get(coin) == self._context.clock.now_ns() // NS_PER_S:
            self._collected[coin] = collected
        else:
            self._hub.publish(stream, partial(frames.depth_update, coin, collected, event_ms))

    def _trade(self, coin: str, trade: BinanceTrade) -> None:
        at_ms = milliseconds(trade.ts_ns)
        for channel, make in (("trade", frames.trade), ("aggTrade", frames.aggregate_trade)):
            stream = stream_name(coin, channel)
            if self._hub.wants(stream):
                frame = partial(make, coin, trade.number, trade.level, at_ms, trade.buyer_is_maker)
                self._hub.publish(stream, frame)


@cache
def _streams_of(coin: str) -> frozenset[str]:
    """Return every stream that a market step has something to say on."""
    partial_depths = (channel for _, *channels in PARTIAL_CHANNELS for channel in channels)
    return frozenset(stream_name(coin, channel) for channel in (*CHANNELS, *partial_depths))
