"""The whole engine in memory, by a clock that a replay moves: the wiring of a stack over other stores.

Decisions, orders, settling and the ledger are the ones that trade. What is made up is the way in between: a
message arrives when the latency is over, and a venue executes against the newest book.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.local.kill_switch import MemoryKillSwitch
from arb.adapters.memory.bars import MemoryBars
from arb.adapters.memory.by_hand import MemoryByHand
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.app.rules import belief_of, levels_of
from arb.app.trading import TradingUseCases, wire_trading
from arb.backtest.replay.rules import FixedRules
from arb.backtest.replay.venue import ReplayVenue
from arb.domain.health.alert import Alert
from arb.domain.health.degradation import Degree
from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.book import Book
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, TradeId, Venue
from arb.domain.market.pair import Pair
from arb.domain.risk.review import Mode
from arb.domain.strategy.levels import SeenLevels
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.market.markets import Markets
from arb.engine.trading.at_end import nobody_hears
from arb.engine.trading.chances import NoChanceLog
from arb.engine.trading.hand_off import Reserve, nobody_waits
from arb.engine.trading.journal import unread
from arb.ports.messaging import Tell, unheard
from arb.ports.trading import Session, VenueClient
from config.settings import Settings

SESSION: Final = SessionId("backtest")
SWEEP_NS: Final = 2 * NS_PER_S  # how often beat has a stack sweep
PLACE, SWEEP = "arb.place_order", "arb.sweep_orders"
TASKS_AT_ONCE_MAX: Final = 100_000  # of one step; more is a task that calls itself for ever


class Counted:
    """Counters in a dictionary."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter of this reason."""
        of_name = self.counts.setdefault(name, {})
        of_name[reason] = of_name.get(reason, 0) + amount

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters, by name and reason."""
        return self.counts


class CountedAlerts:
    """Alerts by kind: nobody is there to be told."""

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}

    def raise_alert(self, alert: Alert) -> None:
        """Count an alert by its kind."""
        self.kinds[alert.kind] = self.kinds.get(alert.kind, 0) + 1

    def repeat_alert(self, alert: Alert) -> None:
        """Leave it: it was counted when it was raised."""


class FullBoard:
    """A machine that is short of nothing."""

    def degree(self) -> Degree:
        """Return that nothing is left out: a replay is short of nothing."""
        return Degree.FULL


@dataclass(kw_only=True)
class MemoryStores:
    """What a session keeps, in memory."""

    trades: MemoryTradeStore
    sessions: MemorySessionStore
    health: MemoryVenueHealth
    by_hand: MemoryByHand
    quotes: MemoryQuoteStore
    counters: Counted
    chances: NoChanceLog
    feeds: MemoryFeedRegistry
    board: FullBoard = field(default_factory=FullBoard)

    def lags_ns(self) -> Mapping[Venue, int]:
        """Return that no frame is late: what is replayed was received when it says."""
        return {}


@dataclass(kw_only=True)
class MemoryDependencies:
    """The parts of a session, in memory."""

    settings: Settings
    session_id: SessionId
    coins: tuple[Coin, ...]
    stores: MemoryStores
    dispatcher: MemoryDispatcher
    clock: ManualClock
    entropy: SeededEntropy
    alerts: CountedAlerts
    venues: dict[Venue, VenueClient]
    instruments: FixedRules
    bars: MemoryBars
    levels: SeenLevels
    markets: Markets
    kill_switch: MemoryKillSwitch
    announce: Callable[[Venue, int], None]
    reserve: Reserve = nobody_waits
    tell: Tell = unheard
    settled: Callable[[Trade], object] = nobody_hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a replay begins: settings, coins, rules, balances, time, latency and seed."""

    settings: Settings
    coins: tuple[Coin, ...]
    rules: FixedRules
    balances: Mapping[Venue, Mapping[str, Decimal]]
    begins_ns: int
    latency_ms: int
    seed: int


class World:
    """One session with its venues; `pending` are the messages on their way, by the time they arrive."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.clock = ManualClock(opening.begins_ns)
        self.tables = MemoryTables()
        self.parts = self._parts()
        wired = wire_trading(self.parts)
        self.trading: TradingUseCases = replace(wired, evaluate=replace(wired.evaluate, journal=unread))
        self.pending: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self._numbers = count()
        self._sweeps_at_ns = 0
        self._open_session()

    @property
    def stores(self) -> MemoryStores:
        """Return the replay's stores, in memory."""
        return self.parts.stores

    def show(self, books: Sequence[Book], coins: Sequence[Coin]) -> None:
        """Have the feeds bring books, which are the venues' own, too."""
        self.stores.quotes.put(books, coins)

    def evaluate(self) -> int:
        """Evaluate every coin that changed; return how many trades were opened or told to close."""
        done = self.trading.evaluate.run()
        self.collect()
        return done

    def run_until(self, until_ns: int) -> None:
        """Deliver every message that is due by then, in the order of time."""
        for _ in range(TASKS_AT_ONCE_MAX):
            if not self.pending or self.pending[0][0] > until_ns:
                return
            at_ns, _, name, args = heappop(self.pending)
            self.move_to(at_ns)
            self._run(name, args)
            self.collect()
        raise AssertionError(f"messages without end: {self.pending[0]}")

    def move_to(self, at_ns: int) -> None:
        """Let time pass; what waits in the engine has moved the clock, too."""
        ahead_ns = at_ns - self.clock.now_ns()
        if ahead_ns > 0:
            self.clock.advance_ns(ahead_ns)

    def is_idle(self) -> bool:
        """Tell whether nothing is open and nothing is on its way."""
        return not self.pending and not self.stores.trades.active(SESSION)

    def _run(self, name: str, args: tuple[Any, ...]) -> None:
        match name:
            case "arb.place_order":
                self.trading.execute.place(ClientOrderId(args[0]))
            case "arb.resolve_order":
                self.trading.execute.resolve(ClientOrderId(args[0]), *args[1:])
            case "arb.settle_trade":
                self.trading.settle.run(TradeId(args[0]), *args[1:])
            case "arb.sweep_orders":
                self.trading.sweep.run()
            case _:
                raise AssertionError(f"nobody runs {name}")

    def collect(self) -> None:
        """Send what the engine sent on its way: orders take the latency, the rest is there at once."""
        now_ns = self.clock.now_ns()
        for name, args, delay_ms in self.parts.dispatcher.take():
            wait_ms = delay_ms + (self.opening.latency_ms if name == PLACE else 0)
            self._send(now_ns + wait_ms * NS_PER_MS, name, args)
        if self._sweeps_at_ns <= now_ns and self._is_moving():
            self._sweeps_at_ns = now_ns + SWEEP_NS
            self._send(self._sweeps_at_ns, SWEEP, ())

    def _send(self, at_ns: int, name: str, args: tuple[Any, ...]) -> None:
        heappush(self.pending, (at_ns, next(self._numbers), name, args))

    def _is_moving(self) -> bool:
        """Tell whether a sweep may have something to do."""
        return any(
            trade.state is not TradeState.OPEN
            for trade in self.tables.trades.values()
            if not trade.closed_at_ns
        )

    def _parts(self) -> MemoryDependencies:
        opening, clock = self.opening, self.clock
        settings, pair = opening.settings, Pair(*opening.settings.pair)
        quotes = MemoryQuoteStore(clock)
        venues: dict[Venue, VenueClient] = {
            venue: ReplayVenue(
                venue=venue,
                rules={rule.symbol: rule for rule in opening.rules.values() if rule.venue is venue},
                quotes=quotes,
                clock=clock,
                held=dict(opening.balances[venue]),
            )
            for venue in pair.venues
        }
        return MemoryDependencies(
            settings=settings,
            session_id=SESSION,
            coins=opening.coins,
            stores=MemoryStores(
                trades=MemoryTradeStore(self.tables),
                sessions=MemorySessionStore(self.tables),
                health=MemoryVenueHealth(self.tables),
                by_hand=MemoryByHand(self.tables),
                quotes=quotes,
                counters=Counted(),
                chances=NoChanceLog(),
                feeds=MemoryFeedRegistry(quotes),
            ),
            dispatcher=MemoryDispatcher(),
            clock=clock,
            entropy=SeededEntropy(opening.seed),
            alerts=CountedAlerts(),
            venues=venues,
            instruments=opening.rules,
            bars=MemoryBars(),
            levels=levels_of(settings),
            markets=Markets(pair=pair, quotes=quotes, instruments=opening.rules, belief=belief_of(settings)),
            kill_switch=MemoryKillSwitch(),
            announce=lambda _venue, _at_ns: None,
        )

    def _open_session(self) -> None:
        now_ns = self.clock.now_ns()
        self.stores.sessions.create(
            Session(
                session_id=SESSION,
                environment="backtest",
                started_at_ns=now_ns,
                mode=Mode.NORMAL,
                mode_reason="replay",
                mode_changed_at_ns=now_ns,
                generation=self.opening.settings.generation,
            )
        )
        for venue, client in self.parts.venues.items():
            self.stores.trades.book_entry(
                SESSION, opening_entry(SESSION, venue, dict(client.balances())), now_ns
            )
