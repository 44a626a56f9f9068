"""The health chapter, wired: the watchdog's sweep, degradation, restarts of workers that do not work."""

import os
import socket
from dataclasses import dataclass

from arb.adapters.alerts.dead_man import DeadManPing
from arb.adapters.local.errands import ThreadErrands
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.local.watch_memory import FileHealthMemory
from arb.adapters.postgres.alerts import SqlHealthChanges
from arb.adapters.redis.durability import RedisDurability
from arb.adapters.redis.life import WritableHeartbeats
from arb.app.degradation import degrade_of
from arb.app.emergency import stop_memory
from arb.app.probes import probes_of, redis_probes_of, vitals_of
from arb.app.revival import revive_of
from arb.app.shared import Shared
from arb.app.stores import begin_counters, forget_signs_of_life
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.health.monitor import SystemMonitor
from arb.engine.health.probes.books import LastVitals
from arb.engine.health.revive import Revive
from arb.engine.health.watch import Watchdog
from arb.engine.market.feed_guard import FeedGuard
from arb.stack.home import Home
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class HealthUseCases:
    """The use cases that watch the processes of a stack."""

    watch: Watchdog
    revive: Revive


def wire_health(shared: Shared) -> HealthUseCases:
    """Return the use cases that watch over a stack."""
    return HealthUseCases(watch=_watch(shared), revive=revive_of(shared))


def begin_watch(home: Home, settings: Settings, session_id: SessionId) -> None:
    """Begin with a clean sheet: the levels and signs of life of a stack that has ended mean nothing.

    Counters are those of a session.
    """
    for file in (home.watchdog_file, home.ending_file, home.degradation_file):
        file.unlink(missing_ok=True)
    forget_signs_of_life(settings)
    begin_counters(settings, session_id)


def _watch(shared: Shared) -> Watchdog:
    stores, settings, home = shared.stores, shared.settings, Home.default()
    watchdog, vitals = settings.watchdog, vitals_of(settings)
    ping = watchdog.dead_man_url
    return Watchdog(
        probes=probes_of(shared, vitals, home),
        redis_probes=redis_probes_of(shared),
        rules={**watchdog.rules(), **settings.sys_monitor.rules()},
        monitor=_monitor(shared, vitals),
        feeds=FeedGuard(
            session_id=shared.session_id,
            registry=stores.feeds,
            sessions=stores.sessions,
            alerts=shared.alerts,
        ),
        vitals=vitals,
        memory=FileHealthMemory(
            file=SharedFile(home.watchdog_file, shared.clock),
            owner=f"{socket.gethostname()}:{os.getpid()}",
            interval_ns=watchdog.sweep_interval_sec * NS_PER_S,
        ),
        changes=SqlHealthChanges(stores.alerts.engine),
        degrade=degrade_of(
            settings,
            shared.session_id,
            board=stores.board,
            sessions=stores.sessions,
            counters=stores.counters,
            alerts=shared.alerts,
            clock=shared.clock,
        ),
        dead_man=DeadManPing(
            None if ping is None else ping.get_secret_value(),
            watchdog.dead_man_interval_sec * NS_PER_S,
            stops=stop_memory(home, shared.clock).read,
        ),
        alerts=shared.alerts,
        counters=stores.counters,
        errands=ThreadErrands(),
        clock=shared.clock,
        sample_ns=settings.sys_monitor.sample_interval_sec * NS_PER_S,
    )


def _monitor(shared: Shared, vitals: LastVitals) -> SystemMonitor:
    stores, watchdog = shared.stores, shared.settings.watchdog
    return SystemMonitor(
        quotes=stores.quotes,
        heartbeats=WritableHeartbeats(stores.redis, shared.settings.scope),
        markets=shared.markets,
        durability=RedisDurability(stores.redis),
        vitals=vitals,
        coins=shared.coins,
        quote_age_ns_max=watchdog.quote_age_warn_threshold_ms * NS_PER_MS,
        # Sooner than one silent process is warned about: that nobody works is told within 30 s.
        heartbeat_age_ns_max=watchdog.redis_heartbeat_age_warn_threshold_ms * NS_PER_MS * 2 // 3,
    )
