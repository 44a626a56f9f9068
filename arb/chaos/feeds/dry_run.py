"""A dry run: a seeded market, feed, evaluation and orders in memory, on a clock that is moved by hand.

The same seed gives the same decisions, byte for byte, in any process: `python -m arb.chaos.feeds.dry_run
SEED STEPS` prints them, and they are compared across processes whose hash seeds differ.
"""

import hashlib
import sys
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.local.kill_switch import MemoryKillSwitch
from arb.adapters.memory import (
    MemoryAlertStore,
    MemorySessionStore,
    MemoryTables,
    MemoryTradeStore,
    MemoryVenueHealth,
)
from arb.adapters.memory.memory_feeds import MemoryFeedRegistry, MemoryKeepsake, SilentWitness
from arb.adapters.memory.memory_quotes import MemoryQuoteStore
from arb.adapters.memory.memory_venue import MemoryVenue
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.rules import appetite_of, exits_of, limits_of, repairs_of, stability_of
from arb.chaos.feeds.dry_world import EPOCH_NS, DryWorld
from arb.domain.health.alert import Alert
from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.ids import USDT, ClientOrderId, Coin, SessionId, TradeId, Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.engine.market.book_codec import decode_book
from arb.engine.market.feed import Feed
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.markets import Markets
from arb.engine.market.membership import Membership
from arb.engine.market.rules import RereadRules, WatchRules
from arb.engine.market.tally import Tally
from arb.engine.trading.evaluate import Evaluate
from arb.engine.trading.execute import Execute
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.guard import EntryGuard, RateWatch
from arb.engine.trading.hand_over import HandOver
from arb.engine.trading.journal import Decision
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.settle import Settle
from arb.engine.trading.stability import Stability
from arb.ports import Session
from config.settings import Settings, load

SESSION: Final = SessionId("dry-run")
NO_STACK: Final = "/nonexistent"  # whose settings would be others than the shipped ones
STEPS: Final = 600  # a minute of market
STEP_EVERY: Final = 5  # steps of the market, a sign of life of the feed
TASKS_MAX: Final = 200  # in one step of the market


@dataclass(frozen=True, slots=True)
class Replay:
    """What a dry run decided."""

    decisions: tuple[Decision, ...]

    def lines(self) -> bytes:
        """Return them as JSON, one line each."""
        return b"".join(orjson.dumps(asdict(each)) + b"\n" for each in self.decisions)

    @property
    def sha256(self) -> str:
        """Return the digest of those lines."""
        return hashlib.sha256(self.lines()).hexdigest()


class _NoCounters:
    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Forget it."""

    def read(self) -> dict[str, dict[str, int]]:
        """Return nothing."""
        return {}


class _KeptAlerts:
    def __init__(self, store: MemoryAlertStore) -> None:
        self._store = store

    def raise_alert(self, alert: Alert) -> None:
        """Keep it."""
        self._store.add(SESSION, alert)


@dataclass
class DryRun:
    """Everything in memory, wired."""

    settings: Settings
    seed: int
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock, self.tables = ManualClock(EPOCH_NS), MemoryTables()
        self.coins = tuple(Coin(coin) for coin in self.settings.coins)
        self.world = DryWorld(self.settings, self.seed)
        self.quotes, self.shown = MemoryQuoteStore(self.clock), MemoryQuoteStore(self.clock)
        self.trades, self.sessions = MemoryTradeStore(self.tables), MemorySessionStore(self.tables)
        self.dispatcher, self.entropy = MemoryDispatcher(), SeededEntropy(self.seed)
        self.feed = Feed(store=self.quotes, dispatcher=self.dispatcher, tally=Tally(), clock=self.clock)
        self.membership = self._membership()
        self.venues = {
            venue: MemoryVenue(
                venue=venue,
                rules=self.world.rules(venue),
                quotes=self.shown,
                clock=self.clock,
                held=self.world.funds(venue),
            )
            for venue in Venue
        }
        self._open_session()
        self._wire()

    def run(self, steps: int) -> Replay:
        """Let the market move so often."""
        for step in range(steps):
            self.clock.advance_ms(self.settings.sim.step_ms)
            if step % STEP_EVERY == 0:
                self.feed.own(self.membership.step())
            books = list(self.world.books(step, self.clock.now_ns()))
            self.shown.put(books, [])
            self.feed.accept(books)
            self.feed.flush()
            self._work()
        return Replay(tuple(self.decisions))

    def _work(self) -> None:
        """Run what was sent, and what that sends, in order; what counts down comes round again."""
        pending = deque(self.dispatcher.take())
        for _ in range(TASKS_MAX):
            if not pending:
                return
            task, arguments, _ = pending.popleft()
            self._run(task, arguments)
            pending.extend(self.dispatcher.take())

    def _run(self, task: str, arguments: tuple[Any, ...]) -> None:
        match task:
            case "arb.evaluate":
                self.evaluate.run([decode_book(values) for values in arguments[0]])
            case "arb.place_order":
                self.execute.place(ClientOrderId(arguments[0]))
            case "arb.resolve_order":
                self.execute.resolve(ClientOrderId(arguments[0]), *arguments[1:])
            case "arb.settle_trade":
                self.settle.run(TradeId(arguments[0]), *arguments[1:])

    def _membership(self) -> Membership:
        return Membership(
            worker="feed",
            incarnation=1,
            capacity=self.settings.feed.coins_max,
            coins=(USDT, *self.coins),
            registry=MemoryFeedRegistry(self.quotes),
            keepsake=MemoryKeepsake(),
            witness=SilentWitness(),
            clock=self.clock,
        )

    def _open_session(self) -> None:
        now_ns = self.clock.now_ns()
        self.sessions.create(
            Session(
                session_id=SESSION,
                environment="mock",
                started_at_ns=now_ns,
                mode=Mode.NORMAL,
                mode_reason="dry run",
                mode_changed_at_ns=now_ns,
            )
        )
        for venue, client in self.venues.items():
            self.trades.book_entry(SESSION, opening_entry(SESSION, venue, client.held), now_ns)

    def _wire(self) -> None:
        settings, limits, stability = self.settings, limits_of(self.settings), stability_of(self.settings)
        health, switch = MemoryVenueHealth(self.tables), MemoryKillSwitch()
        alerts, counters = _KeptAlerts(MemoryAlertStore(self.tables)), _NoCounters()
        watch_rules = WatchRules(coins=self.coins, alerts=alerts, counters=counters)
        instruments = LiveInstruments(self.venues, self.coins, self.clock, watch_rules)
        markets = Markets(quotes=self.quotes, instruments=instruments)
        self.evaluate = Evaluate(
            session_id=SESSION,
            quotes=self.quotes,
            markets=markets,
            trades=self.trades,
            sessions=self.sessions,
            dispatcher=self.dispatcher,
            kill_switch=switch,
            counters=counters,
            clock=self.clock,
            entropy=self.entropy,
            guard=EntryGuard(
                limits=limits,
                rules=stability,
                stability=Stability(SESSION, health, self.clock, window_ns=stability.window_ns),
                rates=RateWatch(),
            ),
            exit_guard=ExitGuard(session_id=SESSION, trades=self.trades, counters=counters, alerts=alerts),
            limits=limits,
            exits=exits_of(settings),
            appetite=appetite_of(settings),
            journal=self.decisions.append,
        )
        self.execute = Execute(
            session_id=SESSION,
            trades=self.trades,
            sessions=self.sessions,
            venues=dict(self.venues),
            dispatcher=self.dispatcher,
            counters=counters,
            alerts=alerts,
            clock=self.clock,
            entropy=self.entropy,
            gate=KillGate(switch=switch, trades=self.trades, counters=counters, clock=self.clock),
            overdue_ns=settings.orders.overdue_ms * NS_PER_MS,
            health=health,
            reread_rules=RereadRules(
                expire=instruments.expire, announce=_nobody_else_trades, clock=self.clock
            ),
        )
        fresh = FreshMarkets(
            markets=markets, venues=dict(self.venues), counters=counters, clock=self.clock, limits=limits
        )
        self.settle = Settle(
            trades=self.trades,
            markets=fresh,
            dispatcher=self.dispatcher,
            counters=counters,
            hand_over=HandOver(trades=self.trades, markets=fresh, alerts=alerts, clock=self.clock),
            clock=self.clock,
            rules=repairs_of(settings),
            order_lifetime_ns=appetite_of(settings).order_lifetime_ns,
            place=self.execute.place,
        )


def _nobody_else_trades(_venue: Venue, _at_ns: int) -> None:
    """Tell nobody."""


def dry_run(seed: int, steps: int = STEPS) -> Replay:
    """Return what the mock settings decide on a seed's market."""
    return DryRun(load("mock", {"ARB_HOME": NO_STACK}), seed).run(steps)


def main(arguments: list[str]) -> None:
    """Print the decisions of a seed."""
    sys.stdout.buffer.write(dry_run(int(arguments[0]), int(arguments[1])).lines())


if __name__ == "__main__":
    main(sys.argv[1:])
