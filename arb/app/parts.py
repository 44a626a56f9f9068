"""What one process has when it is wired: its stores and its use cases."""

from dataclasses import dataclass

from redis import Redis

from arb.adapters.local.clock import SystemClock
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.adapters.local.memory_budget import ProcessBudget
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.external import SqlExternalOrderStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.postgres.venue_health import SqlVenueHealth
from arb.adapters.redis import (
    RedisCounters,
    RedisFeedRegistry,
    RedisHeartbeats,
    RedisQuoteStore,
    RedisStateStore,
)
from arb.adapters.redis.degradation_board import SharedBoard
from arb.adapters.venues.instruments import LiveInstruments
from arb.domain.market.ids import SessionId, Venue
from arb.engine.health.revive import Revive
from arb.engine.health.watch import Watch
from arb.engine.kill.drain import Drain
from arb.engine.kill.emergency import Emergency
from arb.engine.ledger.reconcile import Reconcile
from arb.engine.market.markets import Markets
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.state.store_health import WatchDatabase
from arb.engine.trading.evaluate import Evaluate
from arb.engine.trading.execute import Execute
from arb.engine.trading.settle import Settle
from arb.engine.trading.sweep import Sweep
from arb.ports import VenueClient
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that is kept, connected."""

    trades: SqlTradeStore
    sessions: SqlSessionStore
    snapshots: SqlSnapshotStore
    alerts: SqlAlertStore
    dead_letters: SqlDeadLetters
    external: SqlExternalOrderStore
    quotes: RedisQuoteStore
    counters: RedisCounters
    heartbeats: RedisHeartbeats
    feeds: RedisFeedRegistry
    states: RedisStateStore
    canaries: RedisHeartbeats
    redis: Redis
    health: SqlVenueHealth
    board: SharedBoard
    budget: ProcessBudget


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The use cases of one process, wired."""

    settings: Settings
    session_id: SessionId
    clock: SystemClock
    stores: Stores
    venues: dict[Venue, VenueClient]
    markets: Markets
    instruments: LiveInstruments
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
    revive: Revive
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
