"""A whole engine on memory adapters: two venues, one clock, tasks that run when a test says so."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.local.kill_switch import MemoryKillSwitch
from arb.adapters.local.memory_budget import UnlimitedBudget
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.bars import MemoryBars
from arb.adapters.memory.by_hand import MemoryByHand
from arb.adapters.memory.chances import MemoryChances
from arb.adapters.memory.external import MemoryExternalOrderStore
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue import MemoryVenue
from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.adapters.venues.instruments import LiveInstruments
from arb.domain.health.degradation import Degree
from arb.domain.market.belief import RateBelief, RateRules
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, Symbol, TradeId, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.risk.review import Limits, Mode
from arb.domain.risk.stability import StabilityRules
from arb.domain.risk.unfilled import UnfilledRules
from arb.domain.strategy.fixed import ExitRules, Fixed
from arb.domain.strategy.inventory import InventoryRules, InventoryStrategy
from arb.domain.strategy.levels import AssumedLevels, SeenLevels
from arb.domain.strategy.pair import PairRules, PairStrategy
from arb.domain.strategy.port import Strategies
from arb.domain.strategy.premium import LevelRules
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Order
from arb.domain.trading.reentry import ReentryRules
from arb.domain.trading.repair import RepairRules
from arb.domain.trading.trade import Trade
from arb.engine.kill.drain import Drain
from arb.engine.ledger.adopt import Adopt
from arb.engine.ledger.explain import Explain
from arb.engine.ledger.reconcile import Reconcile
from arb.engine.ledger.take_up import TakeUp
from arb.engine.market.bars import BarMarket
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.markets import Markets
from arb.engine.market.rules import RereadRules, WatchRules
from arb.engine.trading.at_end import SettleAtEnd, SettleByMessage
from arb.engine.trading.by_hand import ByHand
from arb.engine.trading.chances import Chances
from arb.engine.trading.clearance import Clearance, NotCommitted
from arb.engine.trading.close_by_hand import CloseByHand
from arb.engine.trading.coin_filter import CoinFilter
from arb.engine.trading.escalate import Escalate
from arb.engine.trading.evaluate import Evaluate
from arb.engine.trading.execute import Execute
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.fee_guard import FeeGuard
from arb.engine.trading.guard import EntryGuard, RateWatch
from arb.engine.trading.held_pairs import HeldPairs
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.lone_legs import LoneLegs
from arb.engine.trading.proposals import Appetite
from arb.engine.trading.settle import Settle
from arb.engine.trading.stability import Pauses, Stability
from arb.engine.trading.sweep import OrderSweep
from arb.engine.trading.unfilled import Unfilled
from arb.ports.trading import Session
from arb.venues.upbit.instruments import KRW_BANDS
from tests.domain.markets import PAIR, USDT_KRW

BTC = Coin("BTC")
SESSION = SessionId("testbed")
OVERDUE_NS = 5 * NS_PER_S
LIMITS = Limits(
    entry_edge_bps_min=Decimal(15),
    notional_per_coin_krw_max=Decimal(100_000_000),
    notional_total_krw_max=Decimal(100_000_000),
    trades_open_max=20,
    trades_open_per_coin_max=20,
    daily_loss_krw_max=Decimal(100_000_000),
    loss_per_trade_krw_max=Decimal(200_000),
    loss_reserve_bps=Decimal(250),
    rate_reserve_bps=Decimal(1000),
    net_direction_krw_max=Decimal(100000000),
    inventory_drift_krw_max=Decimal(100000000),
    orders_per_minute_max=10_000,
    entry_cooldown_ns=0,
    reentry=ReentryRules(pause_ns=NS_PER_S, pause_ns_max=60 * NS_PER_S),
    premium_bps_abs_max=Decimal(1_000),
    price_band_bps_max=Decimal(1_500),
    spread_bps_max=Decimal(30),
    rate_move_bps_max=Decimal(500),
    quote_age_ns_max=2 * NS_PER_S,
    rate_age_ns_max=5 * NS_PER_S,
    rate_memory_ns=60 * NS_PER_S,
    warnings_blocked=("WARNING", "GLOBAL_PRICE_DIFFERENCES"),
)
RATE = RateRules(settle_ns=15 * NS_PER_S, spread_bps_max=Decimal(30), size_usdt=Decimal(1_000))
STABILITY = StabilityRules(
    window_ns=60 * NS_PER_S, samples_min=10, score_min=Decimal("0.5"), circuit_claims_min=8,
    circuit_ns=2 * NS_PER_S,
)  # fmt: skip
LEVELS = LevelRules(half_life_ns=6 * 3_600 * NS_PER_S, away_bps=23.0, return_ns=3 * 3_600 * NS_PER_S)
UNFILLED = UnfilledRules(
    window_ns=600 * NS_PER_S, entries_min=5, share_min=Decimal("0.33"), coins_min=3, rest_ns=60 * NS_PER_S,
    rest_ns_max=3600 * NS_PER_S,
)  # fmt: skip
RULES = {
    Venue.UPBIT: Instrument(
        venue=Venue.UPBIT,
        symbol=Symbol("BTC/KRW"),
        venue_symbol="KRW-BTC",
        base=BTC,
        quote="KRW",
        price_bands=KRW_BANDS,
        lot_step=Decimal("0.00000001"),
        quantity_min=Decimal("0.00000001"),
        quantity_max=Decimal(1_000_000),
        notional_min=Decimal(5_000),
        taker_fee_bps=Decimal(5),
        fee_in=FeeIn.QUOTE,
    ),
    Venue.BINANCE: Instrument(
        venue=Venue.BINANCE,
        symbol=Symbol("BTC/USDT"),
        venue_symbol="BTCUSDT",
        base=BTC,
        quote="USDT",
        price_bands=((Decimal(0), Decimal("0.01")),),
        lot_step=Decimal("0.00001"),
        quantity_min=Decimal("0.00001"),
        quantity_max=Decimal(9_000),
        notional_min=Decimal(5),
        taker_fee_bps=Decimal(10),
        fee_in=FeeIn.RECEIVED,
    ),
}
Task = tuple[str, tuple[Any, ...], int]


class Killed(BaseException):
    """The process died here: nothing after this line happened."""


@dataclass
class Tripwire:
    """Kills the process at one of its calls to the world, before it or after it took effect."""

    calls_left: int = -1
    after: bool = False

    def wrap(self, target: Any) -> Any:
        return _Wired(target, self)

    def step(self, call: Callable[[], Any]) -> Any:
        trips = self.calls_left == 0
        if self.calls_left >= 0:
            self.calls_left -= 1
        if trips and not self.after:
            raise Killed
        result = call()
        if trips:
            raise Killed
        return result


class _Wired:
    def __init__(self, target: Any, wire: Tripwire) -> None:
        self._target, self._wire = target, wire

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._wire.step(lambda: found(*args, **kwargs))


class Uncounted:
    """Counters that nobody reads."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.counts[name, reason] = self.counts.get((name, reason), 0) + amount

    def read(self) -> Mapping[str, Mapping[str, int]]:
        return {}


@dataclass
class EngineTestbed:
    """Everything, wired; `pending` are the tasks that were sent and not yet run."""

    clock: ManualClock = field(default_factory=ManualClock)
    tables: MemoryTables = field(default_factory=MemoryTables)
    dispatcher: MemoryDispatcher = field(default_factory=MemoryDispatcher)
    counters: Uncounted = field(default_factory=Uncounted)
    wire: Tripwire = field(default_factory=Tripwire)
    pending: list[tuple[int, str, tuple[Any, ...]]] = field(default_factory=list)
    coins: tuple[Coin, ...] = (BTC,)  # the list; what the venues have is RULES
    senders: int = 0  # that wait for orders in the process that evaluates
    handed: list[Callable[[], object]] = field(default_factory=list)  # to them, and not begun
    announced: list[tuple[Venue, int]] = field(default_factory=list)  # rules that were found to be old

    def __post_init__(self) -> None:
        self.degree = Degree.FULL
        self.quotes = MemoryQuoteStore(self.clock)
        self.bars = MemoryBars()
        self.registry = MemoryFeedRegistry(self.quotes)
        self.shown = MemoryQuoteStore(self.clock)  # the books as the venues themselves have them
        self.trades = MemoryTradeStore(self.tables)
        self.sessions = MemorySessionStore(self.tables)
        self.alert_store = MemoryAlertStore(self.tables)
        self.external = MemoryExternalOrderStore(self.tables)
        self.health = MemoryVenueHealth(self.tables)
        self.venues = {
            venue: MemoryVenue(
                venue=venue,
                rules={rule.symbol: rule},
                quotes=self.shown,
                clock=self.clock,
                held={"BTC": Decimal(10), rule.quote: Decimal(10) ** (10 if rule.quote == "KRW" else 7)},
            )
            for venue, rule in RULES.items()
        }
        now_ns = self.clock.now_ns()
        self.sessions.create(Session(
            session_id=SESSION, environment="mock", started_at_ns=now_ns, mode=Mode.NORMAL,
            mode_reason="test", mode_changed_at_ns=now_ns,
        ))  # fmt: skip
        self._wire_engine()
        self.reconcile.open_books()
        self.premium(0)

    def _wire_engine(self) -> None:
        self.switch, self.chances = MemoryKillSwitch(), MemoryChances()
        trades, venues = self.wire.wrap(self.trades), {v: self.wire.wrap(c) for v, c in self.venues.items()}
        entropy = SeededEntropy(7)
        alerts = RecordedAlerts(self.alert_store, SESSION, Nowhere())
        self.instruments = LiveInstruments(
            self.venues,
            self.coins,
            self.clock,
            WatchRules(coins=self.coins, alerts=alerts, counters=self.counters),
            self.bars,
        )
        markets = Markets(
            pair=PAIR, quotes=self.quotes, instruments=self.instruments, belief=self.settled_belief()
        )
        rules = RepairRules(
            time_ns_max=60 * NS_PER_S, loss_bps_max=Decimal(100), slip_bps=Decimal(8), attempts_max=40,
            failures_max=2,
        )  # fmt: skip
        exits = ExitRules(
            converged_bps=Decimal(4), take_profit_bps=Decimal(25), stop_loss_bps=Decimal(150),
            holding_ns_max=600 * NS_PER_S, holding_loss_bps_max=Decimal(0), rate_loss_bps_max=Decimal(1_000),
        )  # fmt: skip
        strategies = Strategies(usual=Fixed(edge_bps_min=LIMITS.entry_edge_bps_min, exits=exits))
        common: dict[str, Any] = {
            "trades": trades, "dispatcher": self.dispatcher, "counters": self.counters, "clock": self.clock,
        }  # fmt: skip
        self.unfilled = Unfilled(
            session_id=SESSION, store=self.health, rules=UNFILLED, alerts=alerts, clock=self.clock
        )
        fresh = FreshMarkets(
            markets=markets, venues=dict(self.venues), counters=self.counters, clock=self.clock,
            limits=LIMITS, degree=lambda: self.degree,
        )  # fmt: skip
        self.fee_guard = FeeGuard(
            session_id=SESSION, trades=self.trades, prices=fresh.fee_prices, clock=self.clock,
            otherwise=self.unfilled.admit,
        )  # fmt: skip
        self.hand = MemoryByHand(self.tables)
        by_hand = ByHand(session_id=SESSION, store=self.hand, clock=self.clock).read
        self.evaluate = Evaluate(
            session_id=SESSION, markets=markets,
            reserve=self.reserve, deliver=self.deliver,
            kill_switch=self.switch,
            entropy=entropy, limits=LIMITS, strategies=strategies,
            guard=EntryGuard(
                limits=LIMITS, rules=STABILITY, rates=RateWatch(),
                stability=Stability(
                    SESSION, self.health, self.clock, window_ns=STABILITY.window_ns
                ),
                by_hand=by_hand,
            ),
            admit=self.fee_guard.admit,
            exit_guard=ExitGuard(
                session_id=SESSION, trades=trades, counters=self.counters, alerts=alerts,
                hole_ns_max=60 * NS_PER_S, by_hand=by_hand,
            ),
            appetite=Appetite(
                notional_usdt=Decimal(1_000), slip_bps=Decimal(8), order_lifetime_ns=3 * NS_PER_S
            ), chances=Chances(
                least_bps=LIMITS.entry_edge_bps_min, counters=self.counters, log=self.chances
            ),
            coin_filter=CoinFilter(lambda: self.degree), **common,
        )  # fmt: skip
        self.settled: list[Trade] = []
        at_end = SettleAtEnd(
            session_id=SESSION, trades=trades, markets=fresh, rules=rules, clock=self.clock,
            otherwise=SettleByMessage(self.dispatcher), settled=self.settled.append,
        )  # fmt: skip
        self.execute = Execute(
            ended=at_end,
            session_id=SESSION, sessions=self.sessions, venues=venues, alerts=alerts, entropy=entropy,
            gate=KillGate(switch=self.switch, trades=trades, counters=self.counters, clock=self.clock),
            overdue_ns=OVERDUE_NS, health=self.health,
            bar_market=BarMarket(bars=self.bars, here=self.instruments.bar, alerts=alerts, clock=self.clock),
            reread_rules=RereadRules(
                expire=self.instruments.expire,
                announce=lambda venue, at_ns: self.announced.append((venue, at_ns)),
                clock=self.clock,
            ), **common,
        )  # fmt: skip
        self.escalate = Escalate(trades=trades, markets=fresh, alerts=alerts, clock=self.clock)
        self.settle = Settle(
            markets=fresh,
            escalate=self.escalate,
            rules=rules,
            order_lifetime_ns=3 * NS_PER_S,
            place=self.execute.place,
            paused=Pauses(self.health, self.clock).of,
            **common,
        )
        self.close_by_hand = CloseByHand(
            session_id=SESSION, trades=self.trades, sessions=self.sessions, markets=markets,
            kill_switch=self.switch, store=self.hand, limits=LIMITS, slip_bps=Decimal(8), clock=self.clock,
            stability=Stability(SESSION, self.health, self.clock, window_ns=STABILITY.window_ns),
            stability_rules=STABILITY,
        )  # fmt: skip
        self.lone_legs = LoneLegs(session_id=SESSION, trades=trades, sessions=self.sessions, clock=self.clock)
        self.sweep = OrderSweep(
            session_id=SESSION,
            overdue_ns=OVERDUE_NS,
            alerts=alerts,
            lone_legs=self.lone_legs,
            held_pairs=HeldPairs(
                session_id=SESSION,
                coins=self.coins,
                trades=trades,
                markets=markets,
                hold=self.registry.hold,
                limits=LIMITS,
                strategies=strategies,
                alerts=alerts,
                clock=self.clock,
            ),
            **common,
        )
        self.reconcile = Reconcile(
            session_id=SESSION, trades=self.trades, venues=dict(self.venues), counters=self.counters,
            adopt=Adopt(
                session_id=SESSION, trades=self.trades, sessions=self.sessions, external=self.external,
                venues=dict(self.venues), alerts=alerts, clock=self.clock,
            ),
            explain=Explain(
                session_id=SESSION, trades=self.trades, venues=dict(self.venues), coins=(BTC,),
                clock=self.clock, budget=UnlimitedBudget(),
            ),
            alerts=alerts, clock=self.clock,
        )  # fmt: skip
        self.take_up = TakeUp(session_id=SESSION, sessions=self.sessions, kill_switch=self.switch, **common)
        self.drain = Drain(session_id=SESSION, trades=self.trades, sessions=self.sessions, clock=self.clock)

    # what happens on a testbed

    def reserve(self, orders: int) -> "Waiting | None":
        """Return senders where somebody says that there are some."""
        return Waiting(self) if self.senders >= orders else None

    def deliver(self, order: Order, clearance: Clearance) -> None:
        """Send what was left to send, if it was committed."""
        with suppress(NotCommitted):
            self.execute.send(order, clearance)

    def die_at_ends(self) -> None:
        """Have whoever sees an order end die right after that is recorded."""
        self.execute = replace(self.execute, ended=lambda _order: None)

    def settled_belief(self) -> RateBelief:
        """Return what a process believes that has seen the rate be the same for a while."""
        belief = RateBelief(RATE)
        before_ns = self.clock.now_ns() - RATE.settle_ns
        belief.rate(replace(self.book(*USDT_KRW, "1399", "1401", "100000"), ts_recv_ns=before_ns))
        return belief

    def premium(self, bps: int, depth: str = "5") -> None:
        """Quote BTC at 100,000 USDT, and on Upbit that much dearer at 1,400 KRW per USDT."""
        upbit_mid = int(Decimal(140_000_000) * (1 + Decimal(bps) / 10_000)) // 1_000 * 1_000
        books = [
            self.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", depth),
            self.book(Venue.UPBIT, "BTC/KRW", str(upbit_mid - 1_000), str(upbit_mid + 1_000), depth),
            self.book(Venue.UPBIT, "USDT/KRW", "1399", "1401", "100000"),
        ]
        self.show(*books)
        if not self.quotes.away:
            self.quotes.put(books, [BTC])

    def show(self, *books: Book) -> None:
        """Change what the venues have, without anybody being told."""
        self.shown.put(books, [])

    def book(self, venue: Venue, symbol: str, bid: str, ask: str, depth: str) -> Book:
        now_ns = self.clock.now_ns()
        quantity = Decimal(depth)
        return Book(
            venue=venue, symbol=Symbol(symbol), sequence=now_ns, ts_event_ns=now_ns, ts_recv_ns=now_ns,
            bids=(Level(Decimal(bid), quantity),), asks=(Level(Decimal(ask), quantity),),
        )  # fmt: skip

    def evaluate_now(self) -> int:
        opened = self.evaluate.run()
        self.collect()
        return opened

    def collect(self) -> None:
        """Take what was sent into the queue."""
        now_ns = self.clock.now_ns()
        self.pending += [
            (now_ns + delay_ms * NS_PER_MS, name, args) for name, args, delay_ms in self.dispatcher.take()
        ]

    def run_one(self, index: int = 0, *, keep: bool = False, trip: Tripwire | None = None) -> None:
        """Run one pending task; `keep` leaves its message in the queue, as a redelivery would."""
        _, name, args = self.pending[index] if keep else self.pending.pop(index)
        self.wire.calls_left, self.wire.after = (trip.calls_left, trip.after) if trip else (-1, False)
        try:
            self._run(name, args)
        except Killed:
            pass
        finally:
            self.wire.calls_left = -1
        self.collect()

    def _run(self, name: str, args: tuple[Any, ...]) -> None:
        match name:
            case "arb.place_order":
                self.execute.place(ClientOrderId(args[0]))
            case "arb.resolve_order":
                self.execute.resolve(ClientOrderId(args[0]), *args[1:])
            case "arb.settle_trade":
                self.settle.run(TradeId(args[0]), *args[1:])
            case _:
                raise AssertionError(f"nobody runs {name}")

    def pass_time(self, ms: int) -> None:
        self.clock.advance_ms(ms)
        for venue in self.venues.values():
            venue.deliver_late()

    def quiesce(self, rounds: int = 400) -> None:
        """Let everything that is due happen, with fresh quotes and no more trouble, until at rest."""
        for venue in self.venues.values():
            venue.troubles.clear()
        for _ in range(rounds):
            self.premium(0)
            self.sweep.run()
            self.collect()
            for _ in range(len(self.pending)):
                if self.pending[0][0] <= self.clock.now_ns():
                    self.run_one(0)
                else:
                    self.pending.append(self.pending.pop(0))
            if not self.pending and self.drain.at_rest():
                return
            self.pass_time(500)
        raise AssertionError(f"never came to rest: {self.trades.active(SESSION)}")

    # what the venues say happened

    def orders_at(self, venue: Venue) -> dict[ClientOrderId, int]:
        return {key: len(reports) for key, reports in self.venues[venue].placed.items()}

    def drifts(self) -> Mapping[tuple[str, str], Decimal]:
        """Return what the venues hold more than the ledger says, exactly."""
        booked = self.trades.balances(SESSION)
        return {
            (venue, asset): amount - booked.get((venue, asset), Decimal(0))
            for venue, client in self.venues.items()
            for asset, amount in client.held.items()
            if amount != booked.get((venue, asset), Decimal(0))
        }


class Waiting:
    """Senders that wait; each begins when the testbed runs what is handed to it."""

    def __init__(self, testbed: EngineTestbed) -> None:
        self._town = testbed

    def run(self, work: Callable[[], object]) -> None:
        self._town.handed.append(work)

    def give_back(self) -> None: ...


class Nowhere:
    """A file that takes everything."""

    @property
    def parent(self) -> "Nowhere":
        return self

    def mkdir(self, **_: Any) -> None: ...

    def open(self, *_: Any, **__: Any) -> Any:
        import io

        return io.StringIO()


__all__ = ["BTC", "SESSION", "EngineTestbed", "Killed", "Tripwire", "replace"]


def open_one(testbed: EngineTestbed) -> None:
    """Have the premium open one pair."""
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def exchange(testbed: EngineTestbed, **rules: Any) -> None:
    """Have edges be taken by *inventory*, at premiums that come back to even."""
    usual = testbed.evaluate.strategies.usual
    levels = AssumedLevels(seen=SeenLevels(rules=LEVELS), bps=0.0)
    strategy = InventoryStrategy(
        rules=InventoryRules(**{
            "min_profit_bps": Decimal(6), "slippage_bps": Decimal(1), "band": Decimal("0.8")
        } | rules),
        levels=levels,
        pairs=PairStrategy(
            rules=PairRules(
                min_profit_bps=Decimal(6), slippage_bps=Decimal(2), edge_bps_min=Decimal(-800),
                take_profit_bps=usual.exits.take_profit_bps, stop_loss_bps=usual.exits.stop_loss_bps,
                holding_ns_max=usual.exits.holding_ns_max, rate_loss_bps_max=usual.exits.rate_loss_bps_max,
                holding_loss_bps_max=usual.exits.holding_loss_bps_max,
            ),
            levels=levels,
        ),
    )  # fmt: skip
    limits = replace(LIMITS, entry_edge_bps_min=strategy.edge_bps_min)
    testbed.evaluate = replace(testbed.evaluate, strategies=Strategies(usual=strategy), limits=limits)


def close_by(testbed: EngineTestbed, **rules: Any) -> None:
    """Have pairs be closed by other rules."""
    usual = testbed.evaluate.strategies.usual
    changed = replace(usual, exits=replace(usual.exits, **rules))
    testbed.evaluate = replace(testbed.evaluate, strategies=Strategies(usual=changed))


def run_due(testbed: EngineTestbed) -> None:
    """Run every message whose time has come."""
    while any(at_ns <= testbed.clock.now_ns() for at_ns, _, _ in testbed.pending):
        testbed.run_one(
            next(i for i, each in enumerate(testbed.pending) if each[0] <= testbed.clock.now_ns())
        )
