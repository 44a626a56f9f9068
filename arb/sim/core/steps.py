"""The heartbeat of a simulated venue: its market's steps in order, and time left to serve its clients.

A process that was held up works through the steps that it missed: its clients see the same sequence of
books as always, only later. Beyond `BEHIND_STEPS_MAX` it goes on with the present one: a venue that shows
prices of a while ago is a fault to be asked for, not one of a busy machine. Between two steps requests
have their turn, for as long as the last step took at least.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.core.book import SimulatedBook
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import FaultyMarket

BEHIND_STEPS_MAX: Final = 10  # a second of the usual steps, two thirds of what a quote may be old
Publish = Callable[[int, Mapping[str, SimulatedBook]], None]


class StepLoop:
    """Moves the books of one venue along and tells the venue what to publish."""

    def __init__(self, context: VenueContext, exchange: Exchange, publish: Publish) -> None:
        self._context = context
        self._exchange = exchange
        self._publish = publish
        self._market = FaultyMarket(context.market, context.venue, context.faults)
        self._step = -1

    def start(self) -> None:
        """Show the books of the present step; a restarted process joins here."""
        self._show(self._present())

    async def run(self) -> None:
        """Keep up with the clock for as long as the process lives."""
        loop = asyncio.get_running_loop()
        busy_s = 0.0
        while True:
            next_ns = self._context.market.starts_ns(self._step + 1)
            await asyncio.sleep(max((next_ns - self._context.clock.now_ns()) / NS_PER_S, busy_s))
            began_s, missed = loop.time(), self._present() - self._step
            if missed > 0:
                self._show(self._step + (1 if missed <= BEHIND_STEPS_MAX else missed))
            busy_s = loop.time() - began_s

    def _present(self) -> int:
        return self._context.market.step_at(self._context.clock.now_ns())

    def _show(self, step: int) -> None:
        books = self._market.books(step)
        self._step = step
        self._exchange.put_books(books)
        self._publish(step, books)
        self._exchange.match_resting(books)
