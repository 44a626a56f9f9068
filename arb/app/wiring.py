"""One session over connected stores: each use case gets what it needs, once."""

from dataclasses import dataclass, replace
from functools import cached_property, partial

from arb.adapters.alerts.alerts import RecordedAlerts
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.local.journal import log_decision
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.control import announce_rules
from arb.app.degradation import degrade_of
from arb.app.parts import Engine, Stores
from arb.app.revival import revive_of
from arb.app.rules import appetite_of, exits_of, limits_of, repairs_of, stability_of
from arb.app.state import keep
from arb.app.venues import venue_clients
from arb.app.watch import alerts_of, emergency_of, watch_of
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.health.watch import Watch
from arb.engine.kill.drain import Drain
from arb.engine.ledger.adopt import Adopt
from arb.engine.ledger.explain import Explain
from arb.engine.ledger.reconcile import Reconcile
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.markets import Markets
from arb.engine.market.rules import RereadRules, WatchRules
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.state.store_health import WatchDatabase
from arb.engine.trading.evaluate import Evaluate, Nearness
from arb.engine.trading.execute import Execute
from arb.engine.trading.exit_guard import ExitGuard
from arb.engine.trading.guard import EntryGuard, RateWatch
from arb.engine.trading.hand_over import HandOver
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.settle import Place, Settle
from arb.engine.trading.stability import Stability
from arb.engine.trading.sweep import Sweep
from arb.ports import Dispatcher, VenueClient
from arb.stack.home import Home
from config.settings import Settings


def wire(settings: Settings, session_id: SessionId, stores: Stores, dispatcher: Dispatcher) -> Engine:
    """Return the engine of one session over connected stores."""
    clock = SystemClock()
    kept = keep(
        session_id, stores.trades, stores.sessions, stores.snapshots, stores.states, stores.counters, clock
    )
    mirrored = replace(stores, trades=kept.trades, sessions=kept.sessions)
    wiring = Wiring(
        settings=settings,
        session_id=session_id,
        stores=mirrored,
        unmirrored=stores,
        hot_state=kept.hot_state,
        dispatcher=dispatcher,
        clock=clock,
        entropy=SystemEntropy(),
    )
    return wiring.engine()


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The parts that several use cases share, and the use cases made of them."""

    settings: Settings
    session_id: SessionId
    stores: Stores
    unmirrored: Stores
    hot_state: KeepHotState
    dispatcher: Dispatcher
    clock: SystemClock
    entropy: SystemEntropy

    @cached_property
    def coins(self) -> tuple[Coin, ...]:
        """Return what is traded."""
        return tuple(Coin(coin) for coin in self.settings.coins)

    @cached_property
    def venues(self) -> dict[Venue, VenueClient]:
        """Return the venues' clients."""
        return venue_clients(self.settings, self.session_id, self.stores, self.clock, self.entropy)

    @cached_property
    def markets(self) -> Markets:
        """Return the newest books with the venues' rules."""
        return Markets(quotes=self.stores.quotes, instruments=self.instruments)

    @cached_property
    def fresh_markets(self) -> FreshMarkets:
        """Return the same, asked of the venues where they are stale or away."""
        return FreshMarkets(
            markets=self.markets,
            venues=self.venues,
            counters=self.stores.counters,
            clock=self.clock,
            limits=limits_of(self.settings),
            degree=self.stores.board.degree,
        )

    @cached_property
    def hand_over(self) -> HandOver:
        """Return how a trade becomes the operator's."""
        return HandOver(
            trades=self.stores.trades, markets=self.fresh_markets, alerts=self.alerts, clock=self.clock
        )

    @cached_property
    def instruments(self) -> LiveInstruments:
        """Return the venues' rules."""
        watch = WatchRules(coins=self.coins, alerts=self.alerts, counters=self.stores.counters)
        return LiveInstruments(self.venues, self.coins, self.clock, watch)

    @cached_property
    def alerts(self) -> RecordedAlerts:
        """Return where alerts go."""
        stores = self.stores
        return alerts_of(self.settings, stores.alerts.engine, self.session_id, stores.counters, self.clock)

    @cached_property
    def kill_switch(self) -> FileKillSwitch:
        """Return the switch of this home."""
        return kill_switch()

    @cached_property
    def drain(self) -> Drain:
        """Return how it comes to rest."""
        return Drain(
            session_id=self.session_id,
            trades=self.stores.trades,
            sessions=self.stores.sessions,
            clock=self.clock,
        )

    @cached_property
    def take_snapshot(self) -> TakeSnapshot:
        """Return how the session is imaged."""
        return TakeSnapshot(
            session_id=self.session_id,
            snapshots=self.stores.snapshots,
            counters=self.stores.counters,
            clock=self.clock,
            interval_ns=self.settings.snapshot.interval_s * NS_PER_S,
            on_trade_interval_ns=self.settings.snapshot.on_trade_interval_s * NS_PER_S,
            budget=self.stores.budget,
        )

    @property
    def overdue_ns(self) -> int:
        """Return how long an order may stand still."""
        return self.settings.orders.overdue_ms * NS_PER_MS

    def engine(self) -> Engine:
        """Return everything, wired."""
        execute = self.execute()
        return Engine(
            settings=self.settings,
            session_id=self.session_id,
            clock=self.clock,
            stores=self.stores,
            venues=self.venues,
            markets=self.markets,
            instruments=self.instruments,
            evaluate=self.evaluate(),
            execute=execute,
            settle=self.settle(execute.place),
            sweep=self.sweep(),
            reconcile=self.reconcile(),
            take_snapshot=self.take_snapshot,
            watch=self.watch(),
            emergency=emergency_of(self.drain, self.hand_over, self.take_snapshot, self.alerts, self.clock),
            kill_switch=self.kill_switch,
            drain=self.drain,
            unmirrored=self.unmirrored,
            hot_state=self.hot_state,
            resume=self.resume(),
            revive=revive_of(
                self.settings,
                self.stores.redis,
                heartbeats=self.stores.heartbeats,
                alerts=self.alerts,
                counters=self.stores.counters,
                clock=self.clock,
            ),
            watch_database=WatchDatabase(
                ask=partial(self.unmirrored.sessions.get, self.session_id),
                alerts=self.alerts,
                counters=self.stores.counters,
                clock=self.clock,
                recovered=partial(self.unmirrored.sessions.recovered, self.session_id),
            ),
        )

    def evaluate(self) -> Evaluate:
        """Return what decides."""
        return Evaluate(
            session_id=self.session_id,
            quotes=self.stores.quotes,
            markets=self.markets,
            trades=self.stores.trades,
            sessions=self.stores.sessions,
            dispatcher=self.dispatcher,
            counters=self.stores.counters,
            clock=self.clock,
            entropy=self.entropy,
            kill_switch=self.kill_switch,
            guard=self.entry_guard(),
            exit_guard=self.exit_guard(),
            limits=limits_of(self.settings),
            exits=exits_of(self.settings),
            appetite=appetite_of(self.settings),
            journal=log_decision,
            nearness=Nearness(self.stores.board.degree),
        )

    def exit_guard(self) -> ExitGuard:
        """Return what keeps exits back that would only leave a leg alone."""
        return ExitGuard(
            session_id=self.session_id,
            trades=self.stores.trades,
            counters=self.stores.counters,
            alerts=self.alerts,
        )

    def entry_guard(self) -> EntryGuard:
        """Return what stops new pairs before their exposure is looked at."""
        rules = stability_of(self.settings)
        return EntryGuard(
            limits=limits_of(self.settings),
            rules=rules,
            stability=Stability(self.session_id, self.stores.health, self.clock, window_ns=rules.window_ns),
            rates=RateWatch(),
        )

    def execute(self) -> Execute:
        """Return what sends orders."""
        return Execute(
            session_id=self.session_id,
            trades=self.stores.trades,
            sessions=self.stores.sessions,
            venues=self.venues,
            dispatcher=self.dispatcher,
            counters=self.stores.counters,
            alerts=self.alerts,
            clock=self.clock,
            entropy=self.entropy,
            gate=KillGate(
                switch=self.kill_switch,
                trades=self.stores.trades,
                counters=self.stores.counters,
                clock=self.clock,
            ),
            overdue_ns=self.overdue_ns,
            health=self.stores.health,
            reread_rules=RereadRules(
                expire=self.instruments.expire,
                announce=partial(announce_rules, self.stores.redis, self.settings.scope),
                clock=self.clock,
            ),
        )

    def settle(self, place: Place) -> Settle:
        """Return what looks after trades."""
        return Settle(
            trades=self.stores.trades,
            markets=self.fresh_markets,
            dispatcher=self.dispatcher,
            counters=self.stores.counters,
            hand_over=self.hand_over,
            clock=self.clock,
            rules=repairs_of(self.settings),
            order_lifetime_ns=appetite_of(self.settings).order_lifetime_ns,
            place=place,
        )

    def sweep(self) -> Sweep:
        """Return what sends again what is overdue."""
        return Sweep(
            session_id=self.session_id,
            trades=self.stores.trades,
            dispatcher=self.dispatcher,
            counters=self.stores.counters,
            alerts=self.alerts,
            clock=self.clock,
            overdue_ns=self.overdue_ns,
        )

    def reconcile(self) -> Reconcile:
        """Return what compares the ledger with the venues."""
        return Reconcile(
            session_id=self.session_id,
            trades=self.stores.trades,
            venues=self.venues,
            adopt=Adopt(
                session_id=self.session_id,
                trades=self.stores.trades,
                sessions=self.stores.sessions,
                external=self.stores.external,
                venues=self.venues,
                alerts=self.alerts,
                clock=self.clock,
            ),
            explain=Explain(
                session_id=self.session_id,
                trades=self.stores.trades,
                venues=self.venues,
                coins=self.coins,
                clock=self.clock,
                budget=self.stores.budget,
            ),
            counters=self.stores.counters,
            alerts=self.alerts,
            clock=self.clock,
        )

    def watch(self) -> Watch:
        """Return the watchdog."""
        return watch_of(
            self.settings,
            self.stores.alerts.engine,
            self.stores.redis,
            quotes=self.stores.quotes,
            heartbeats=self.stores.heartbeats,
            feeds=FeedGuard(
                session_id=self.session_id,
                registry=self.stores.feeds,
                sessions=self.stores.sessions,
                alerts=self.alerts,
            ),
            markets=self.markets,
            venues=self.venues,
            dispatcher=self.dispatcher,
            counters=self.stores.counters,
            alerts=self.alerts,
            clock=self.clock,
            degrade=degrade_of(
                self.settings,
                self.session_id,
                board=self.stores.board,
                sessions=self.stores.sessions,
                counters=self.stores.counters,
                alerts=self.alerts,
                clock=self.clock,
            ),
        )

    def resume(self) -> Resume:
        """Return how it goes on after a stop."""
        return Resume(
            session_id=self.session_id,
            snapshots=self.stores.snapshots,
            trades=self.stores.trades,
            dispatcher=self.dispatcher,
            hot_state=self.hot_state,
            clock=self.clock,
        )


def kill_switch() -> FileKillSwitch:
    """Return the switch of this home."""
    return FileKillSwitch(Home.default().run / "kill.json")
