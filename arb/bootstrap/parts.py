"""What one process has when it is wired: its stores and its use cases."""

from dataclasses import dataclass

from redis import Redis

from arb.adapters.clock import SystemClock
from arb.adapters.degradation_board import SharedBoard
from arb.adapters.instruments import LiveInstruments
from arb.adapters.kill_switch import FileKillSwitch
from arb.adapters.memory_budget import ProcessBudget
from arb.adapters.redis_store import (
    RedisCounters,
    RedisFeedRegistry,
    RedisHeartbeats,
    RedisQuoteStore,
    RedisStateStore,
)
from arb.adapters.sql.alerts import SqlAlertStore
from arb.adapters.sql.dead_letters import SqlDeadLetters
from arb.adapters.sql.external import SqlExternalOrderStore
from arb.adapters.sql.sessions import SqlSessionStore
from arb.adapters.sql.snapshots import SqlSnapshotStore
from arb.adapters.sql.trades import SqlTradeStore
from arb.adapters.sql.venue_health import SqlVenueHealth
from arb.domain.ids import SessionId, Venue
from arb.engine.drain import Drain
from arb.engine.emergency import Emergency
from arb.engine.evaluate import Evaluate
from arb.engine.execute import Execute
from arb.engine.hot_state import KeepHotState
from arb.engine.markets import Markets
from arb.engine.reconcile import Reconcile
from arb.engine.resume import Resume
from arb.engine.revive import Revive
from arb.engine.settle import Settle
from arb.engine.snapshot import TakeSnapshot
from arb.engine.store_health import WatchDatabase
from arb.engine.sweep import Sweep
from arb.engine.watch import Watch
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
