"""The feed: one process that owns a set of coins on all venues. `python -m workers.feed`"""

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from arb.adapters.clock import SystemClock, SystemEntropy
from arb.adapters.dispatch import CeleryDispatcher
from arb.adapters.liveness import SilenceLimits
from arb.adapters.redis_store import RedisCounters, RedisHeartbeats, RedisQuoteStore, connect
from arb.adapters.websocket import SocketRules, VenueSocket
from arb.bootstrap.degradation import board_of
from arb.domain.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.degradation import Degree
from arb.domain.errors import ConfigError
from arb.domain.ids import Coin, Venue
from arb.engine.feed import Feed, FeedStore
from arb.engine.gate import Gate, GateLimits
from arb.engine.nearness import never_degraded
from arb.engine.stream import MarketStream
from arb.engine.tally import Tally
from arb.engine.venue_feed import VenueFeed
from arb.ports import Clock, Counters, Dispatcher, Entropy
from arb.venues.binance_stream import BinanceStream
from arb.venues.upbit_stream import KEEP_ALIVE, UpbitStream
from config import addresses
from config.settings import Settings
from workers import guarded
from workers.feed_process import FeedProcess

NS_PER_MS: Final = 1_000_000
CONNECT_MS_MAX: Final = 5_000
PROBE_MS_MAX: Final = 5_000
IDLE_MS_MAX: Final = 60_000
KEEP_ALIVE_MS: Final = 60_000
AHEAD_MS_MAX: Final = 5_000  # clocks of venues and machines have been seen 1.2 s apart
JUMP_BPS_MAX: Final = Decimal(2_000)
JUMP_WINDOW_MS: Final = 1_000


def build(
    settings: Settings,
    store: FeedStore,
    dispatcher: Dispatcher,
    counters: Counters,
    clock: Clock,
    entropy: Entropy,
    degree: Callable[[], Degree] = never_degraded,
) -> FeedProcess:
    """Return the feed of the settings' coins, wired and not yet started."""
    coins = tuple(Coin(coin) for coin in settings.coins)
    levels_max = settings.feed.depth_levels
    tally = Tally()
    feed = Feed(coins=coins, store=store, dispatcher=dispatcher, tally=tally, clock=clock, degree=degree)
    binance = BinanceStream(coins=coins, levels_max=levels_max)
    upbit = UpbitStream(coins=coins, levels_max=levels_max, ticket=f"arb-{entropy.bits(64):016x}")
    limits = _gate_limits(settings)

    def venue(stream: MarketStream, rules: SocketRules) -> tuple[VenueSocket, VenueFeed]:
        venue_feed = VenueFeed(stream=stream, gate=Gate(limits), feed=feed, tally=tally)
        return VenueSocket(rules=rules, listener=venue_feed, clock=clock, entropy=entropy), venue_feed

    return FeedProcess(
        feed=feed,
        venues=(
            venue(binance, _rules(settings, Venue.BINANCE, settings.binance.stream_url + binance.path, "")),
            venue(upbit, _rules(settings, Venue.UPBIT, settings.upbit.stream_url, KEEP_ALIVE)),
        ),
        tally=tally,
        counters=counters,
        clock=clock,
        flush_interval_ms=settings.feed.flush_interval_ms,
    )


def _gate_limits(settings: Settings) -> GateLimits:
    return GateLimits(
        lag_ns_max=settings.risk.quote_age_ms_max * NS_PER_MS,
        ahead_ns_max=AHEAD_MS_MAX * NS_PER_MS,
        jump_bps_max=JUMP_BPS_MAX,
        jump_window_ns=JUMP_WINDOW_MS * NS_PER_MS,
    )


def _rules(settings: Settings, venue: Venue, url: str, keep_alive: str) -> SocketRules:
    return SocketRules(
        venue=venue,
        url=url,
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


def main() -> int:
    """Run the feed of this process's settings."""
    from arb.celery import app

    try:
        guarded.prepare()
        settings = addresses.settings()
        redis = connect(addresses.redis_url(settings))
        addresses.database_url(settings)  # the fallback broker's: a gap would show only in an outage
    except ConfigError as error:
        raise SystemExit(f"arb: {error}") from None
    clock = SystemClock()
    work = build(
        settings,
        store=RedisQuoteStore(redis, settings.mode),
        dispatcher=CeleryDispatcher(app),
        counters=RedisCounters(redis, settings.mode),
        clock=clock,
        entropy=SystemEntropy(),
        degree=board_of(redis, settings, clock).degree,
    )
    return guarded.run(work, RedisHeartbeats(redis, settings.mode), clock)


if __name__ == "__main__":
    sys.exit(main())
