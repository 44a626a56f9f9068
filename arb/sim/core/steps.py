"""The heartbeat of a simulated venue: its market's steps in order, and time left to serve its clients.

A step brings a book of each coin. They are shown one part of the coins after the other, spread over the
step, as the books of a venue change one by one and not all in one moment.

A process that was held up works through what it missed: its clients see the same sequence of books as
always, only later. Beyond `BEHIND_STEPS_MAX` it goes on with the present step: a venue that shows prices of
a while ago is a fault to be asked for, not one of a busy machine. Between two parts requests have their
turn, for as long as the last part took at least.
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
PARTS: Final = 8  # of a step
Cut = Callable[[], None]  # cuts the connections that faults cut at this step
Publish = Callable[[int, int, Mapping[str, SimulatedBook]], None]  # of a step, when they are due, by coin


class StepLoop:
    """Moves the books of one venue along and tells the venue what to publish."""

    def __init__(self, context: VenueContext, exchange: Exchange, cut: Cut, publish: Publish) -> None:
        self._context = context
        self._exchange = exchange
        self._cut, self._publish = cut, publish
        self._market = FaultyMarket(context.market, context.venue, context.faults)
        coins = context.market.coins(context.venue)
        self._parts = [coins[part::PARTS] for part in range(PARTS)]
        self._step, self._part = -1, PARTS  # and how many of its parts were shown

    def start(self) -> None:
        """Show all books of the present step; a restarted process joins here."""
        self._join(self._present())

    async def run(self) -> None:
        """Keep up with the clock for as long as the process lives."""
        loop = asyncio.get_running_loop()
        busy_s = 0.0
        while True:
            await asyncio.sleep(max((self._due_ns() - self._context.clock.now_ns()) / NS_PER_S, busy_s))
            began_s = loop.time()
            if self._context.clock.now_ns() >= self._due_ns():
                self._go_on()
            busy_s = loop.time() - began_s

    def _present(self) -> int:
        return self._context.market.step_at(self._context.clock.now_ns())

    def _due_ns(self) -> int:
        """Return when the next part is to be shown."""
        market = self._context.market
        return market.starts_ns(self._step) + market.step_ns * self._part // PARTS

    def _go_on(self) -> None:
        present = self._present()
        if present - self._step > BEHIND_STEPS_MAX:
            self._join(present)
            return
        if self._part == PARTS:
            self._begin(self._step + 1)
        self._show()

    def _join(self, step: int) -> None:
        self._begin(step)
        while self._part < PARTS:
            self._show()

    def _begin(self, step: int) -> None:
        self._market.begin(step)
        self._step, self._part = step, 0
        self._cut()

    def _show(self) -> None:
        """Show the next part."""
        books, due_ns = self._market.books(self._parts[self._part]), self._due_ns()
        self._part += 1
        self._exchange.put_books(books)
        self._publish(self._step, due_ns, books)
        self._exchange.match_resting(books)
