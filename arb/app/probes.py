"""What each of the watchdog's sweeps measures: feeds, queues, heartbeats, books, the machine, the clock."""

from pathlib import Path

from arb.adapters.local.machine import PsutilMachine
from arb.adapters.local.samples import LoggedSamples
from arb.adapters.postgres.vitals import SqlVitals, asking_engine
from arb.adapters.redis.life import RedisQueues
from arb.app.shared import Shared
from arb.domain.health.queues import QUEUES
from arb.domain.time import NS_PER_S
from arb.engine.health.probes.books import Books, LastVitals
from arb.engine.health.probes.feeds import FeedLag, QuoteAge
from arb.engine.health.probes.life import Canaries, Depth, HeartbeatAge
from arb.engine.health.probes.machine import ClockOffset, Load
from arb.engine.health.probes.rates import Rates
from arb.engine.health.watch import Probe
from arb.stack.home import Home
from arb.stack.status import processes_of
from config.addresses import database_url
from config.settings import Settings


def vitals_of(settings: Settings) -> LastVitals:
    """Return the state of the books, asked over a connection of its own."""
    return LastVitals(SqlVitals(asking_engine(database_url(settings)), settings.mode, settings.group))


def redis_probes_of(shared: Shared) -> tuple[Probe, ...]:
    """Return what is measured while Redis answers."""
    stores = shared.stores
    return (
        FeedLag(stores.heartbeats),
        QuoteAge(shared.markets.pair, stores.quotes, shared.coins),
        HeartbeatAge(stores.heartbeats),
        Depth(RedisQueues(stores.redis, QUEUES, shared.settings.broker_prefix)),
        Canaries(stores.canaries, shared.dispatcher, QUEUES, shared.clock),
        Rates(stores.counters),
    )


def probes_of(shared: Shared, vitals: LastVitals, home: Home) -> tuple[Probe, ...]:
    """Return what is measured whether or not Redis answers."""
    paths = (home.path, *map(Path, shared.settings.watchdog.disk_paths))
    sample_ns = shared.settings.sys_monitor.sample_interval_sec * NS_PER_S
    return (
        Books(vitals),
        Load(PsutilMachine(lambda: processes_of(home), paths), LoggedSamples(), sample_ns),
        ClockOffset(shared.venues, sample_ns // 3),
    )
