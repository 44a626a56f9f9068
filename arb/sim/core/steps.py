"""The heartbeat of a simulated venue: every market step in order, none skipped.

A process that was held up works through the steps it missed; its clients see the same sequence of
books as always, only later.
"""

import asyncio
from collections.abc import Callable, Mapping

from arb.domain.time import NS_PER_S
from arb.sim.core.book import Book
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import FaultyMarket
from arb.sim.core.stage import Stage

Publish = Callable[[int, Mapping[str, Book]], None]


class StepLoop:
    """Moves the books of one venue along and tells the venue what to publish."""

    def __init__(self, stage: Stage, exchange: Exchange, publish: Publish) -> None:
        self._stage = stage
        self._exchange = exchange
        self._publish = publish
        self._market = FaultyMarket(stage.market, stage.venue, stage.faults)
        self._step = -1

    def start(self) -> None:
        """Show the books of the present step; a restarted process joins here."""
        market = self._stage.market
        self._show(market.step_at(self._stage.clock.now_ns()))

    def catch_up(self) -> None:
        """Show every step that has begun since the last one shown."""
        last = self._stage.market.step_at(self._stage.clock.now_ns())
        for step in range(self._step + 1, last + 1):
            self._show(step)

    async def run(self) -> None:
        """Keep up with the clock for as long as the process lives."""
        while True:
            next_ns = self._stage.market.starts_ns(self._step + 1)
            await asyncio.sleep(max(next_ns - self._stage.clock.now_ns(), 0) / NS_PER_S)
            self.catch_up()

    def _show(self, step: int) -> None:
        books = self._market.books(step)
        self._step = step
        self._exchange.put_books(books)
        self._publish(step, books)
        self._exchange.match_resting(books)
