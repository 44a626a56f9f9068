"""The feed: a process that owns a set of coins on all venues. `python -m workers.feed [NAME]`

Several of them share the coins out among themselves. NAME is a slot: the process that starts in it takes
up what its predecessor fed.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from redis import Redis

from arb.adapters.broker.dispatch import CeleryDispatcher
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.engine import make_engine
from arb.adapters.redis import (
    RedisCounters,
    RedisFeedRegistry,
    RedisHeartbeats,
    RedisQuoteStore,
    connect,
)
from arb.adapters.redis.control import ControlListener, Hearing
from arb.adapters.venues.liveness import SilenceLimits
from arb.adapters.venues.websocket import SocketRules, VenueSocket
from arb.app.control import ASSIGNMENT, announce
from arb.app.degradation import board_of
from arb.app.watch import alerts_of
from arb.domain.errors import ConfigError
from arb.domain.health.assignment import Assignment
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.health.degradation import Degree, never_degraded
from arb.domain.market.ids import USDT, Coin
from arb.domain.time import NS_PER_MS, VENUE_AHEAD_NS_MAX
from arb.engine.market.feed import Feed, FeedStore
from arb.engine.market.gate import Gate, GateLimits
from arb.engine.market.membership import Keepsake, Membership, Witness, unheard
from arb.engine.market.stream import MarketStream
from arb.engine.market.tally import Tally
from arb.engine.market.venue_feed import VenueFeed
from arb.ports import Clock, Counters, Dispatcher, Entropy, FeedRegistry
from arb.stack.home import Home
from arb.venues.binance.stream import BinanceStream
from arb.venues.upbit.stream import KEEP_ALIVE, UpbitStream
from config import addresses
from config.settings import Settings
from workers import guarded
from workers.feed_place import FileKeepsake, LoggedWitness, worker_name
from workers.feed_process import FeedProcess, VenueLine

CONNECT_MS_MAX: Final = 5_000
PROBE_MS_MAX: Final = 5_000
IDLE_MS_MAX: Final = 60_000
KEEP_ALIVE_MS: Final = 60_000
JUMP_BPS_MAX: Final = Decimal(2_000)
JUMP_WINDOW_MS: Final = 1_000
INCARNATION_BITS: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a feed talks to, besides the venues."""

    store: FeedStore
    registry: FeedRegistry
    dispatcher: Dispatcher
    counters: Counters
    keepsake: Keepsake
    witness: Witness
    clock: Clock
    entropy: Entropy
    degree: Callable[[], Degree] = never_degraded
    announce: Callable[[Assignment], None] = unheard


def build(settings: Settings, worker: str, outside: Outside) -> FeedProcess:
    """Return a feed worker that may be given any of the settings' coins, wired and not yet started."""
    clock, entropy, tally = outside.clock, outside.entropy, Tally()
    levels_max = settings.feed.depth_levels
    feed = Feed(
        store=outside.store,
        dispatcher=outside.dispatcher,
        tally=tally,
        clock=clock,
        degree=outside.degree,
        on_refused=lambda coins: process.hasten(coins),
    )
    binance = BinanceStream(coins=(), levels_max=levels_max)
    upbit = UpbitStream(coins=(), levels_max=levels_max, ticket=f"arb-{entropy.bits(64):016x}")
    limits = _gate_limits(settings)

    def line(stream: MarketStream, url: str, keep_alive: str) -> VenueLine:
        listener = VenueFeed(stream=stream, gate=Gate(limits), feed=feed, tally=tally)
        rules = _rules(settings, stream, url, keep_alive)
        socket = VenueSocket(rules=rules, listener=listener, clock=clock, entropy=entropy)
        return VenueLine(socket, listener, stream)

    membership = _membership(settings, worker, outside)
    process = FeedProcess(
        feed=feed,
        venues=(
            line(binance, settings.binance.stream_url, ""),
            line(upbit, settings.upbit.stream_url, KEEP_ALIVE),
        ),
        membership=membership,
        tally=tally,
        counters=outside.counters,
        clock=clock,
        flush_interval_ms=settings.feed.flush_interval_ms,
        frozen_ns=membership.rules.dead_ns * 3 // 4,  # until then nobody holds us for dead
    )
    return process


def _membership(settings: Settings, worker: str, outside: Outside) -> Membership:
    return Membership(
        worker=worker,
        incarnation=outside.entropy.bits(INCARNATION_BITS),
        capacity=settings.feed.coins_max,
        coins=(USDT, *(Coin(coin) for coin in settings.coins)),
        registry=outside.registry,
        keepsake=outside.keepsake,
        witness=outside.witness,
        announce=outside.announce,
        clock=outside.clock,
    )


def _gate_limits(settings: Settings) -> GateLimits:
    return GateLimits(
        lag_ns_max=settings.risk.quote_age_ms_max * NS_PER_MS,
        ahead_ns_max=VENUE_AHEAD_NS_MAX,
        jump_bps_max=JUMP_BPS_MAX,
        jump_window_ns=JUMP_WINDOW_MS * NS_PER_MS,
    )


def _rules(settings: Settings, stream: MarketStream, url: str, keep_alive: str) -> SocketRules:
    return SocketRules(
        venue=stream.venue,
        url=url,
        path=stream.path,
        keep_alive=keep_alive,
        connect_ms_max=CONNECT_MS_MAX,
        silence=SilenceLimits(
            silence_ms_max=settings.feed.silence_ms_max,
            probe_ms_max=min(PROBE_MS_MAX, settings.feed.silence_ms_max),
            idle_ms_max=max(IDLE_MS_MAX, 2 * settings.feed.silence_ms_max),
            keep_alive_ms=KEEP_ALIVE_MS,
        ),
        backoff=SOCKET_BACKOFF,
        cooldown_ms=SOCKET_COOLDOWN_MS,
    )


def main(arguments: Sequence[str]) -> int:
    """Run the feed of this process's settings."""
    from arb.celery import app

    try:
        guarded.prepare()
        settings = addresses.settings()
        redis = connect(addresses.redis_url(settings))
        database = make_engine(addresses.database_url(settings))  # the fallback broker's, and for alerts
    except ConfigError as error:
        raise SystemExit(f"arb: {error}") from None
    clock, worker = SystemClock(), worker_name(arguments)
    counters = RedisCounters(redis, settings.scope)
    outside = Outside(
        store=RedisQuoteStore(redis, settings.scope),
        registry=RedisFeedRegistry(redis, settings.scope),
        dispatcher=CeleryDispatcher(app),
        counters=counters,
        keepsake=FileKeepsake.of(Home.default().run, worker),
        witness=LoggedWitness(worker, alerts_of(settings, database, None, counters, clock), clock),
        clock=clock,
        entropy=SystemEntropy(),
        degree=board_of(redis, settings, clock).degree,
        announce=partial(announce, redis, settings.scope),
    )
    work = build(settings, worker, outside)
    listener = _listener(redis, settings, work, clock)
    listener.start()
    try:
        return guarded.run(work, RedisHeartbeats(redis, settings.scope), clock)
    finally:
        listener.stop()


def _listener(redis: Redis, settings: Settings, work: FeedProcess, clock: Clock) -> ControlListener:
    """Return what this worker hears of new assignments by: it looks at them at once."""
    hearing = Hearing(handlers={ASSIGNMENT: lambda _message: work.hasten()}, resync=work.hasten)
    return ControlListener(redis, settings.scope, hearing, clock, SystemEntropy())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
