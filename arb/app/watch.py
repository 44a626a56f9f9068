"""The composition root's second half: alerts, the watchdog and what CRITICAL does, wired."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path
from typing import Final
from xmlrpc.client import Fault

import redis
from pydantic import SecretStr
from sqlalchemy import Engine as Database

from arb.adapters.alerts.alert_channels import AppriseChannel, Channel, WebhookChannel
from arb.adapters.alerts.alert_delivery import Delivery
from arb.adapters.alerts.alert_limiter import SharedLimiter
from arb.adapters.alerts.alerts import RecordedAlerts
from arb.adapters.alerts.dead_man import DeadManPing
from arb.adapters.alerts.redaction import Redactor
from arb.adapters.local.clock import SystemClock
from arb.adapters.local.machine import PsutilMachine
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.local.watch_memory import FileHealthMemory
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.health import SqlHealthChanges
from arb.adapters.postgres.vitals import SqlVitals, asking_engine
from arb.adapters.redis import RedisFeedRegistry, RedisHeartbeats, connect
from arb.adapters.redis.heartbeats import WritableHeartbeats
from arb.adapters.redis.queues import RedisQueues
from arb.app.degradation import board_file, board_of
from arb.domain.health.alert import Alert
from arb.domain.health.queues import QUEUES
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.health.degrade import Degrade
from arb.engine.health.monitor import SystemMonitor
from arb.engine.health.probes.books import Books, LastVitals
from arb.engine.health.probes.feeds import FeedLag, QuoteAge
from arb.engine.health.probes.life import Canaries, Depth, HeartbeatAge
from arb.engine.health.probes.machine import ClockOffset, Load
from arb.engine.health.probes.rates import Rates
from arb.engine.health.watch import Probe, Watch
from arb.engine.kill.drain import Drain
from arb.engine.kill.emergency import Emergency, Ending
from arb.engine.market.feed_guard import FeedGuard
from arb.engine.market.markets import Markets
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.trading.hand_over import HandOver
from arb.ports import AlertSink, Clock, Counters, Dispatcher, Heartbeats, QuoteStore, VenueClient
from arb.stack.control import Supervisor
from arb.stack.files import write_json
from arb.stack.home import Home
from arb.stack.signals import descendants, marked_processes
from config.addresses import database_url, redis_url
from config.logging import secrets_of
from config.settings import Settings

REST_MS_MAX: Final = 30_000
AWAY: Final = (OSError, HTTPException, Fault)  # the supervisor, also while it shuts down


def alert_file() -> Path:
    """Return the file that always gets the alerts."""
    return Home.default().logs / "critical_alerts.log"


def ending_file(home: Home) -> Path:
    """Return the file that says why the stack stopped itself."""
    return home.run / "ending.json"


def watch_file(home: Home) -> Path:
    """Return the file that sweeps remember their findings in."""
    return home.run / "watchdog.json"


def alerts_of(
    settings: Settings, database: Database, session_id: SessionId | None, counters: Counters, clock: Clock
) -> RecordedAlerts:
    """Return where alerts go: the file, the channels that are configured, the table."""
    store = SqlAlertStore(database)
    limiter = SharedLimiter(
        SharedFile(Home.default().run / "quiet.json", clock), settings.alerts.quiet_sec * NS_PER_S
    )

    def keep(alert: Alert) -> None:
        store.add(session_id, alert)

    delivery = Delivery(channels_of(settings), alert_file(), keep, limiter.overdue, counters, clock)
    clean = Redactor(secrets_of(settings)).clean
    return RecordedAlerts(store, session_id, alert_file(), limiter=limiter, delivery=delivery, clean=clean)


def channels_of(settings: Settings) -> list[Channel]:
    """Return the configured channels in the order in which they are tried. Raises: ConfigError."""
    channels: list[Channel] = []
    if settings.alerts.urls:
        channels.append(AppriseChannel([url.get_secret_value() for url in settings.alerts.urls]))
    if settings.alerts.webhook_url is not None:
        url = settings.alerts.webhook_url.get_secret_value()
        channels.append(WebhookChannel(url, settings.alerts.timeout_ms))
    return channels


def watch_of(
    settings: Settings,
    database: Database,
    broker: redis.Redis,
    *,
    quotes: QuoteStore,
    heartbeats: Heartbeats,
    feeds: FeedGuard,
    markets: Markets,
    venues: Mapping[Venue, VenueClient],
    dispatcher: Dispatcher,
    counters: Counters,
    alerts: AlertSink,
    clock: Clock,
    degrade: Degrade,
) -> Watch:
    """Return the watchdog's sweep."""
    watchdog, coins = settings.watchdog, tuple(Coin(coin) for coin in settings.coins)
    vitals = LastVitals(SqlVitals(asking_engine(database_url(settings)), settings.mode, settings.group))
    sample_ns = settings.sys_monitor.sample_interval_sec * NS_PER_S
    home = Home.default()
    paths = (home.path, *map(Path, watchdog.disk_paths))
    redis_probes: tuple[Probe, ...] = (
        FeedLag(heartbeats),
        QuoteAge(quotes, coins),
        HeartbeatAge(heartbeats),
        Depth(RedisQueues(broker, QUEUES, settings.broker_prefix)),
        Canaries(canaries_of(broker, settings), dispatcher, QUEUES),
        Rates(counters),
    )
    probes: tuple[Probe, ...] = (
        Books(vitals),
        Load(PsutilMachine(lambda: processes_of(home), paths)),
        ClockOffset(venues, sample_ns // 3),
    )
    return Watch(
        probes=probes,
        redis_probes=redis_probes,
        rules={**watchdog.rules(), **settings.sys_monitor.rules()},
        monitor=SystemMonitor(
            quotes=quotes,
            heartbeats=WritableHeartbeats(broker, settings.scope),
            markets=markets,
            vitals=vitals,
            coins=coins,
            quote_age_ns_max=watchdog.quote_age_warn_threshold_ms * NS_PER_MS,
            # Sooner than one silent process is warned about: that nobody works is told within 30 s.
            heartbeat_age_ns_max=watchdog.redis_heartbeat_age_warn_threshold_ms * NS_PER_MS * 2 // 3,
        ),
        feeds=feeds,
        vitals=vitals,
        memory=FileHealthMemory(
            file=SharedFile(watch_file(home), clock),
            owner=f"{socket.gethostname()}:{os.getpid()}",
            interval_ns=watchdog.sweep_interval_sec * NS_PER_S,
        ),
        changes=SqlHealthChanges(database),
        degrade=degrade,
        dead_man=DeadManPing(_secret(watchdog.dead_man_url), watchdog.dead_man_interval_sec * NS_PER_S),
        alerts=alerts,
        counters=counters,
        clock=clock,
        sample_ns=sample_ns,
    )


def forget_watch(home: Home, settings: Settings) -> None:
    """Begin with a clean sheet: the levels and signs of life of a stack that has ended mean nothing."""
    watch_file(home).unlink(missing_ok=True)
    ending_file(home).unlink(missing_ok=True)
    board_file(home).unlink(missing_ok=True)
    broker = connect(redis_url(settings))
    RedisHeartbeats(broker, settings.scope).forget()
    RedisFeedRegistry(broker, settings.scope).forget()
    canaries_of(broker, settings).forget()
    board_of(broker, settings, SystemClock()).forget()
    broker.close()


def canaries_of(broker: redis.Redis, settings: Settings) -> RedisHeartbeats:
    """Return where canary tasks leave what they saw: heartbeats of queues, in a hash of their own."""
    return RedisHeartbeats(broker, f"{settings.scope}:canary")


def emergency_of(
    drain: Drain, hand_over: HandOver, take_snapshot: TakeSnapshot, alerts: RecordedAlerts, clock: Clock
) -> Emergency:
    """Return what a CRITICAL verdict does."""
    home = Home.default()
    return Emergency(
        drain=drain,
        trades=hand_over.trades,
        hand_over=hand_over,
        take_snapshot=take_snapshot,
        alerts=alerts,
        clock=clock,
        rest_ms_max=REST_MS_MAX,
        remember=lambda ending: _remember(home, ending),
        shut_down=_shut_down(home, alerts),
    )


def _remember(home: Home, ending: Ending) -> None:
    try:
        home.run.mkdir(parents=True, exist_ok=True)
        write_json(ending_file(home), asdict(ending))
    except OSError:
        return  # the alert says the same


def _shut_down(home: Home, alerts: RecordedAlerts) -> Callable[[Ending], None]:
    def shut_down(_ending: Ending) -> None:
        """Have the supervisor stop everything in order; without one the process ends by itself."""
        alerts.flush()
        supervisor = Supervisor(home)
        try:
            if supervisor.is_running():
                supervisor.shutdown()
        except AWAY:
            return

    return shut_down


def processes_of(home: Home) -> Mapping[str, int]:
    """Return name -> pid of all that runs for a home; without a supervisor only this process."""
    supervisor = Supervisor(home)
    try:
        supervised = {each.name: each.pid for each in supervisor.statuses() if each.pid is not None}
        itself = supervisor.pid()
    except AWAY:
        return {f"process-{os.getpid()}": os.getpid()}
    below = {child.pid for pid in supervised.values() for child in descendants(pid)}
    strays = [each.pid for each in marked_processes(home) if each.pid not in below | {itself}]
    return {"supervisord": itself, **supervised, **{f"process-{pid}": pid for pid in strays}}


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None
