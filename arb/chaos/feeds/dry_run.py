"""A dry run: a seeded market, feed, evaluation and orders in memory, on a clock that is moved by hand.

The same seed gives the same decisions, byte for byte, in any process: `python -m arb.chaos.feeds.dry_run
SEED STEPS` prints them, and they are compared across processes whose hash seeds differ.
"""

import sys
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.memory.feeds import MemoryFeedRegistry, MemoryLastAssignment, SilentAssignmentLog
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.venue import MemoryVenue
from arb.chaos.feeds.dry_account import DryAccount
from arb.chaos.feeds.dry_trading import DryTrading
from arb.chaos.feeds.dry_world import EPOCH_NS, DryWorld
from arb.domain.market.ids import USDT, ClientOrderId, Coin, TradeId, Venue
from arb.domain.market.pair import Pair
from arb.engine.market.book_codec import decode_book
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.membership import Membership
from arb.engine.trading.journal import Decision
from config.settings import Settings, load

NO_STACK: Final = "/nonexistent"  # whose settings would be others than the shipped ones
STEPS: Final = 600  # a minute of market
STEP_EVERY: Final = 5  # steps of the market, a sign of life of the feed
TASKS_MAX: Final = 200  # in one step of the market


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What a dry run decided."""

    decisions: tuple[Decision, ...]

    def lines(self) -> bytes:
        """Return the decisions as JSON, one a line."""
        return b"".join(orjson.dumps(asdict(each)) + b"\n" for each in self.decisions)


class DryRun:
    """A market, the feed that brings it, and what trades on it."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._step_ms, self._clock, self._world = (
            settings.sim.step_ms,
            ManualClock(EPOCH_NS),
            DryWorld(settings, seed),
        )
        self._dispatcher = MemoryDispatcher()
        quotes, self._shown = MemoryQuoteStore(self._clock), MemoryQuoteStore(self._clock)
        self._feed = Feed(
            pair=Pair(*settings.pair),
            store=quotes,
            dispatcher=self._dispatcher,
            buffered=BufferedCounters(),
            clock=self._clock,
        )
        self._membership = self._membership_of(settings, quotes)
        self._account = DryAccount(self._venues(), self._clock.now_ns())
        entropy = SeededEntropy(seed)
        self._trading = DryTrading(settings, self._account, quotes, self._dispatcher, self._clock, entropy)

    def run(self, steps: int) -> _Decisions:
        """Run the dry world for so many steps of the market."""
        for step in range(steps):
            self._clock.advance_ms(self._step_ms)
            if step % STEP_EVERY == 0:
                self._feed.own(self._membership.step())
            books = list(self._world.books(step, self._clock.now_ns()))
            self._shown.put(books, [])
            self._feed.accept(books)
            self._feed.flush()
            self._work()
        return _Decisions(tuple(self._account.decisions))

    def _work(self) -> None:
        """Run what was sent, and what that sends, in order; what counts down comes round again."""
        pending = deque(self._dispatcher.take())
        for _ in range(TASKS_MAX):
            if not pending:
                return
            task, arguments, _ = pending.popleft()
            self._run(task, arguments)
            pending.extend(self._dispatcher.take())

    def _run(self, task: str, arguments: tuple[Any, ...]) -> None:
        trading = self._trading
        match task:
            case "arb.evaluate":
                trading.evaluate.run([decode_book(values) for values in arguments[0]])
            case "arb.place_order":
                trading.execute.place(ClientOrderId(arguments[0]))
            case "arb.resolve_order":
                trading.execute.resolve(ClientOrderId(arguments[0]), *arguments[1:])
            case "arb.settle_trade":
                trading.settle.run(TradeId(arguments[0]), *arguments[1:])

    def _membership_of(self, settings: Settings, quotes: MemoryQuoteStore) -> Membership:
        return Membership(
            worker="feed",
            incarnation=1,
            capacity=settings.feed.coins_max + 1,
            coins=(USDT, *(Coin(coin) for coin in settings.traded)),
            registry=MemoryFeedRegistry(quotes),
            last_assignment=MemoryLastAssignment(),
            assignment_log=SilentAssignmentLog(),
            clock=self._clock,
        )

    def _venues(self) -> dict[Venue, MemoryVenue]:
        return {
            venue: MemoryVenue(
                venue=venue,
                rules=self._world.rules(venue),
                quotes=self._shown,
                clock=self._clock,
                held=self._world.funds(venue),
            )
            for venue in Venue
        }


def dry_run(seed: int, steps: int = STEPS) -> _Decisions:
    """Return what the mock settings decide on a seed's market."""
    return DryRun(load("mock", {"ARB_HOME": NO_STACK}), seed).run(steps)


def main(arguments: list[str]) -> None:
    """Print the decisions of a seed."""
    sys.stdout.buffer.write(dry_run(int(arguments[0]), int(arguments[1])).lines())


if __name__ == "__main__":
    main(sys.argv[1:])
