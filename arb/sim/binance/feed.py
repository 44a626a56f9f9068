"""The market data of the venue: stream connections and what they are sent, from the seed or from a tape.

The other half of the application is the calls (api.py). Both see the same published books.
"""

from collections.abc import Callable, Mapping

from aiohttp import web

from arb.sim.binance import frames
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.connection import Keepalive
from arb.sim.binance.day_tickers import DayTickers
from arb.sim.binance.hub import StreamHub
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.publisher import BookPublisher
from arb.sim.binance.replay import TapeReplay
from arb.sim.binance.streams import MarketStreams
from arb.sim.binance.summaries import Summaries
from arb.sim.binance.wire import milliseconds
from arb.sim.core.book import SimulatedBook
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_stream import PublicShaper
from arb.sim.core.tape import has_frame_tape


class BinanceFeed:
    """Publishes books and trades. `drop_others` cuts the connections that are not this feed's."""

    def __init__(
        self,
        context: VenueContext,
        exchange: Exchange,
        books: PublishedBooks,
        trades: PublicTrades,
        drop_others: Callable[[], None],
    ) -> None:
        self._context, self._exchange, self._books = context, exchange, books
        self._hub = StreamHub(PublicShaper(context.faults, context.clock, frames.crossed))
        self._streams = MarketStreams(self._hub, context, Keepalive())
        self._publisher = BookPublisher(
            context, books, trades, self._hub, (self._streams.drop_all, drop_others)
        )
        self._summaries = Summaries(DayTickers(books, trades), trades, self._hub)
        exchange.subscribe(self._publisher.on_event)

    def cut(self) -> None:
        """Cut the connections that faults cut at a market step."""
        self._publisher.cut()

    def show(self, step: int, due_ns: int, books: Mapping[str, SimulatedBook]) -> None:
        """Publish books of a market step, that are due at that time of this machine."""
        self._publisher.show(step, due_ns, books)
        self._summaries.step(milliseconds(due_ns))

    def install(self, app: web.Application) -> None:
        """Add the stream connections, and the replay of a tape where there is one, to the application."""
        app.add_routes(self._streams.routes())
        if has_frame_tape(self._context.config):
            replay = TapeReplay(self._context, self._exchange, self._books, self._hub, self._publisher)
            app.cleanup_ctx.append(replay.run)
