"""The one composition root: settings in, a wired engine out. Nothing is built at import.

A process builds its engine when it first needs one, so after any fork; a child never shares a connection
with its parent.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Final

from redis import Redis

from arb.adapters.binance_client import connect_binance
from arb.adapters.clock import SystemClock, SystemEntropy
from arb.adapters.dispatch import CeleryDispatcher
from arb.adapters.instruments import LiveInstruments
from arb.adapters.kill_switch import FileKillSwitch
from arb.adapters.paper import PaperVenue
from arb.adapters.redis_store import (
    RedisCounters,
    RedisHeartbeats,
    RedisQuoteStore,
    RedisStateStore,
    connect,
)
from arb.adapters.sql.alerts import SqlAlertStore
from arb.adapters.sql.engine import Pool, make_engine
from arb.adapters.sql.external import SqlExternalOrderStore
from arb.adapters.sql.sessions import SqlSessionStore
from arb.adapters.sql.snapshots import SqlSnapshotStore
from arb.adapters.sql.trades import SqlTradeStore
from arb.adapters.sql.venue_health import SqlVenueHealth
from arb.adapters.upbit_client import connect_upbit
from arb.bootstrap_state import keep
from arb.bootstrap_watch import alerts_of, canaries_of, emergency_of, watch_of
from arb.celery import app
from arb.domain.errors import ConfigError
from arb.domain.exits import ExitRules
from arb.domain.ids import Coin, SessionId, TradeId, Venue
from arb.domain.repair import RepairRules
from arb.domain.risk import Limits
from arb.domain.stability import StabilityRules
from arb.engine.adopt import Adopt
from arb.engine.drain import Drain
from arb.engine.emergency import Emergency
from arb.engine.evaluate import Evaluate
from arb.engine.execute import Execute
from arb.engine.explain import Explain
from arb.engine.fresh_market import FreshMarkets
from arb.engine.guard import EntryGuard
from arb.engine.hot_state import KeepHotState
from arb.engine.kill_gate import KillGate
from arb.engine.markets import Markets
from arb.engine.proposals import Appetite
from arb.engine.rate_watch import RateWatch
from arb.engine.reconcile import Reconcile
from arb.engine.resume import Resume
from arb.engine.settle import Settle
from arb.engine.snapshot import TakeSnapshot
from arb.engine.stability import Stability
from arb.engine.store_health import WatchDatabase
from arb.engine.sweep import Sweep
from arb.engine.watch import Watch
from arb.ports import Dispatcher, VenueClient
from arb.runtime.home import Home
from arb.venues.request import ApiKey
from config import addresses
from config.settings import Credentials, RunMode, Settings

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that is kept, connected."""

    trades: SqlTradeStore
    sessions: SqlSessionStore
    snapshots: SqlSnapshotStore
    alerts: SqlAlertStore
    external: SqlExternalOrderStore
    quotes: RedisQuoteStore
    counters: RedisCounters
    heartbeats: RedisHeartbeats
    states: RedisStateStore
    canaries: RedisHeartbeats
    redis: Redis
    health: SqlVenueHealth


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The use cases of one process, wired."""

    settings: Settings
    session_id: SessionId
    clock: SystemClock
    stores: Stores
    venues: dict[Venue, VenueClient]
    markets: Markets
    evaluate: Evaluate
    execute: Execute
    settle: Settle
    sweep: Sweep
    reconcile: Reconcile
    take_snapshot: TakeSnapshot
    watch: Watch
    emergency: Emergency
    drain: Drain
    unmirrored: Stores
    hot_state: KeepHotState
    resume: Resume
    watch_database: WatchDatabase
    kill_switch: FileKillSwitch

    @property
    def trades(self) -> SqlTradeStore:
        """Return the store of trades."""
        return self.stores.trades

    @property
    def sessions(self) -> SqlSessionStore:
        """Return the store of sessions."""
        return self.stores.sessions

    @property
    def snapshots(self) -> SqlSnapshotStore:
        """Return the store of snapshots."""
        return self.stores.snapshots

    @property
    def quotes(self) -> RedisQuoteStore:
        """Return the hot quotes."""
        return self.stores.quotes

    @property
    def counters(self) -> RedisCounters:
        """Return the counters."""
        return self.stores.counters

    @property
    def heartbeats(self) -> RedisHeartbeats:
        """Return the signs of life."""
        return self.stores.heartbeats


_lock = threading.Lock()
_engines: dict[int, Engine] = {}
_others: dict[tuple[int, SessionId], Engine] = {}


def engine() -> Engine:
    """Return this process's engine, built on the first call. Raises: ConfigError, StoreUnavailable."""
    pid = os.getpid()
    with _lock:
        if pid not in _engines:
            _engines.clear()
            _engines[pid] = build(addresses.settings())
        return _engines[pid]


def engine_for(session_id: SessionId) -> Engine:
    """Return the engine of a session, which may be another than this process's own."""
    own = engine()
    if session_id == own.session_id:
        return own
    with _lock:
        key = (os.getpid(), session_id)
        if key not in _others:
            _others[key] = wire(own.settings, session_id, own.unmirrored, own.execute.dispatcher)
        return _others[key]


def engine_of(trade_id: TradeId) -> Engine:
    """Return the engine of the session that a trade belongs to, by its row. Raises: StoreUnavailable."""
    own = engine()
    session_id = own.trades.session_of(trade_id)
    return own if session_id is None else engine_for(session_id)


def build(settings: Settings) -> Engine:
    """Return an engine for the settings' session, else for the one in use in their mode."""
    stores = connect_stores(settings)
    chosen = SessionId(settings.session) if settings.session else None
    session = stores.sessions.get(chosen) if chosen else stores.sessions.current(settings.mode)
    if session is None:
        named = f"session {chosen}" if chosen else f"{settings.mode} session"
        raise ConfigError(
            f"no {named} exists yet; start one with `arb up --mode {settings.mode}`, list with `arb sessions`"
        )
    return wire(settings, session.session_id, stores, CeleryDispatcher(app))


def connect_stores(settings: Settings) -> Stores:
    """Return the stores behind the settings' URLs; connections are made when they are first used."""
    pool = Pool(
        size=settings.database.pool_size,
        overflow_max=settings.database.max_overflow,
        lifetime_s=settings.database.lifetime_s,
        idle_s=settings.database.idle_s,
        timeout_s=settings.database.timeout_s,
    )
    database = make_engine(addresses.database_url(settings), pool)
    redis = connect(addresses.redis_url(settings))
    return Stores(
        trades=SqlTradeStore(database),
        sessions=SqlSessionStore(database),
        snapshots=SqlSnapshotStore(database),
        alerts=SqlAlertStore(database),
        external=SqlExternalOrderStore(database),
        quotes=RedisQuoteStore(redis, settings.mode),
        counters=RedisCounters(redis, settings.mode),
        heartbeats=RedisHeartbeats(redis, settings.mode),
        states=RedisStateStore(redis, settings.mode),
        canaries=canaries_of(redis, settings),
        redis=redis,
        health=SqlVenueHealth(database),
    )


def wire(settings: Settings, session_id: SessionId, stores: Stores, dispatcher: Dispatcher) -> Engine:
    """Return the engine of one session over connected stores."""
    clock, entropy = SystemClock(), SystemEntropy()
    unmirrored = stores
    kept = keep(
        session_id, stores.trades, stores.sessions, stores.snapshots, stores.states, stores.counters, clock
    )
    stores = replace(stores, trades=kept.trades, sessions=kept.sessions)
    coins = tuple(Coin(coin) for coin in settings.coins)
    venues = venue_clients(settings, session_id, stores, clock, entropy)
    markets = Markets(quotes=stores.quotes, instruments=LiveInstruments(venues, coins, clock))
    alerts = alerts_of(settings, stores.alerts.engine, session_id, stores.counters, clock)
    drain = Drain(session_id=session_id, trades=stores.trades, sessions=stores.sessions, clock=clock)
    take_snapshot = TakeSnapshot(
        session_id=session_id,
        snapshots=stores.snapshots,
        counters=stores.counters,
        clock=clock,
        interval_ns=settings.snapshot.interval_s * SECOND,
        on_trade_interval_ns=settings.snapshot.on_trade_interval_s * SECOND,
    )
    limits, appetite = limits_of(settings), appetite_of(settings)
    overdue_ns = settings.orders.overdue_ms * MS
    counters, trades, switch = stores.counters, stores.trades, kill_switch()
    return Engine(
        settings=settings,
        session_id=session_id,
        clock=clock,
        stores=stores,
        venues=venues,
        markets=markets,
        evaluate=Evaluate(
            session_id=session_id,
            quotes=stores.quotes,
            markets=markets,
            trades=trades,
            sessions=stores.sessions,
            dispatcher=dispatcher,
            counters=counters,
            clock=clock,
            entropy=entropy,
            kill_switch=switch,
            guard=entry_guard(settings, session_id, stores, clock),
            limits=limits,
            exits=exits_of(settings),
            appetite=appetite,
        ),
        execute=Execute(
            session_id=session_id,
            trades=trades,
            sessions=stores.sessions,
            venues=venues,
            dispatcher=dispatcher,
            counters=counters,
            alerts=alerts,
            clock=clock,
            entropy=entropy,
            gate=KillGate(switch=switch, trades=trades, counters=counters, clock=clock),
            overdue_ns=overdue_ns,
            health=stores.health,
        ),
        settle=Settle(
            trades=trades,
            markets=FreshMarkets(
                markets=markets, venues=venues, counters=counters, clock=clock, limits=limits
            ),
            dispatcher=dispatcher,
            counters=counters,
            alerts=alerts,
            clock=clock,
            rules=repairs_of(settings),
            order_lifetime_ns=appetite.order_lifetime_ns,
        ),
        sweep=Sweep(
            session_id=session_id,
            trades=trades,
            dispatcher=dispatcher,
            counters=counters,
            clock=clock,
            overdue_ns=overdue_ns,
        ),
        reconcile=Reconcile(
            session_id=session_id,
            trades=trades,
            venues=venues,
            adopt=Adopt(
                session_id=session_id,
                trades=trades,
                sessions=stores.sessions,
                external=stores.external,
                venues=venues,
                alerts=alerts,
                clock=clock,
            ),
            explain=Explain(session_id=session_id, trades=trades, venues=venues, coins=coins, clock=clock),
            counters=counters,
            alerts=alerts,
            clock=clock,
        ),
        take_snapshot=take_snapshot,
        watch=watch_of(
            settings,
            stores.alerts.engine,
            stores.redis,
            quotes=stores.quotes,
            heartbeats=stores.heartbeats,
            markets=markets,
            venues=venues,
            dispatcher=dispatcher,
            counters=counters,
            alerts=alerts,
            clock=clock,
        ),
        emergency=emergency_of(drain, trades, take_snapshot, alerts, clock),
        kill_switch=switch,
        drain=drain,
        unmirrored=unmirrored,
        hot_state=kept.hot_state,
        resume=Resume(
            session_id=session_id,
            snapshots=stores.snapshots,
            trades=trades,
            dispatcher=dispatcher,
            hot_state=kept.hot_state,
            clock=clock,
        ),
        watch_database=WatchDatabase(
            ask=partial(unmirrored.sessions.get, session_id), alerts=alerts, counters=counters, clock=clock
        ),
    )


def kill_switch() -> FileKillSwitch:
    """Return the switch of this home."""
    return FileKillSwitch(Home.default().run / "kill.json")


def limits_of(settings: Settings) -> Limits:
    """Return the risk ceilings."""
    risk = settings.risk
    return Limits(
        entry_edge_bps_min=settings.strategy.entry_edge_bps,
        notional_per_coin_krw_max=risk.notional_per_coin_krw_max,
        notional_total_krw_max=risk.notional_total_krw_max,
        trades_open_max=risk.trades_open_max,
        trades_open_per_coin_max=risk.trades_open_per_coin_max,
        daily_loss_krw_max=risk.daily_loss_krw_max,
        loss_per_trade_krw_max=risk.loss_per_trade_krw_max,
        loss_reserve_bps=settings.strategy.stop_loss_bps + settings.orders.repair_loss_bps_max,
        orders_per_minute_max=risk.orders_per_minute_max,
        entry_cooldown_ns=risk.entry_cooldown_ms * MS,
        premium_bps_abs_max=risk.premium_bps_abs_max,
        price_band_bps_max=risk.price_band_bps_max,
        rate_move_bps_max=risk.rate_move_bps_max,
        quote_age_ns_max=risk.quote_age_ms_max * MS,
        rate_age_ns_max=risk.rate_age_ms_max * MS,
        warnings_blocked=risk.warnings_blocked,
    )


def entry_guard(settings: Settings, session_id: SessionId, stores: Stores, clock: SystemClock) -> EntryGuard:
    """Return what stops new pairs before their exposure is looked at."""
    rules = stability_of(settings)
    return EntryGuard(
        limits=limits_of(settings),
        rules=rules,
        stability=Stability(session_id, stores.health, clock, window_ns=rules.window_ns),
        rates=RateWatch(),
    )


def stability_of(settings: Settings) -> StabilityRules:
    """Return when a venue is entrusted with less."""
    risk = settings.risk
    return StabilityRules(
        window_ns=risk.stability_window_s * SECOND,
        samples_min=risk.stability_samples_min,
        score_min=risk.stability_score_min,
        circuit_claims_min=risk.circuit_claims_min,
        circuit_ns=risk.circuit_s * SECOND,
    )


def exits_of(settings: Settings) -> ExitRules:
    """Return when pairs are closed."""
    strategy = settings.strategy
    return ExitRules(
        converged_bps=strategy.converged_bps,
        take_profit_bps=strategy.take_profit_bps,
        stop_loss_bps=strategy.stop_loss_bps,
        holding_ns_max=strategy.holding_s_max * SECOND,
    )


def repairs_of(settings: Settings) -> RepairRules:
    """Return the ceilings of an unwind."""
    return RepairRules(
        time_ns_max=settings.orders.repair_time_s_max * SECOND,
        loss_bps_max=settings.orders.repair_loss_bps_max,
        slip_bps=settings.strategy.slip_bps,
        attempts_max=settings.orders.repair_attempts_max,
        failures_max=settings.orders.repair_failures_max,
    )


def appetite_of(settings: Settings) -> Appetite:
    """Return how big pairs are and how they are sent."""
    return Appetite(
        notional_usdt=settings.strategy.notional_usdt,
        slip_bps=settings.strategy.slip_bps,
        order_lifetime_ns=settings.orders.lifetime_ms * MS,
    )


def venue_clients(
    settings: Settings, session_id: SessionId, stores: Stores, clock: SystemClock, entropy: SystemEntropy
) -> dict[Venue, VenueClient]:
    """Return a client for each venue: real ones, or paper ones around their reference data."""
    real = real_clients(settings, clock, entropy)
    if settings.mode is not RunMode.PAPER:
        return real
    return {
        venue: PaperVenue(
            venue=venue,
            rules=client,
            quotes=stores.quotes,
            clock=clock,
            read_balances=partial(_paper_balances, settings, session_id, stores, venue),
            quote_age_ns_max=settings.risk.quote_age_ms_max * MS,
        )
        for venue, client in real.items()
    }


def _paper_balances(
    settings: Settings, session_id: SessionId, stores: Stores, venue: Venue
) -> Mapping[str, Decimal]:
    """Return the ledger's balances of a venue; before there are any, what the settings begin with."""
    booked = stores.trades.balances(session_id)
    own = {asset: amount for (holder, asset), amount in booked.items() if holder is venue}
    return own or settings.paper.balances.get(venue, {})


def real_clients(settings: Settings, clock: SystemClock, entropy: SystemEntropy) -> dict[Venue, VenueClient]:
    """Return clients that speak the venues' protocols; without credentials only reference data works."""
    timeout_ms = settings.orders.http_timeout_ms
    return {
        Venue.UPBIT: connect_upbit(
            settings.upbit.rest_url,
            clock,
            entropy,
            api_key=api_key(settings.upbit.credentials),
            http_timeout_ms=timeout_ms,
            orders_per_s=settings.upbit.orders_per_s,
            requests_per_s=settings.upbit.requests_per_s,
        ),
        Venue.BINANCE: connect_binance(
            settings.binance.rest_url,
            clock,
            api_key=api_key(settings.binance.credentials),
            http_timeout_ms=timeout_ms,
            recv_window_ms=settings.orders.recv_window_ms,
            weight_per_minute=settings.binance.weight_per_minute,
            orders_per_10s=settings.binance.orders_per_10s,
        ),
    }


def api_key(credentials: Credentials | None) -> ApiKey | None:
    """Return the key pair that a venue client signs with."""
    if credentials is None:
        return None
    return ApiKey(credentials.key.get_secret_value(), credentials.secret.get_secret_value())
