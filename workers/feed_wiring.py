"""Wiring of a feed worker: a socket and a gate for each venue, the feed behind them, and its membership."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from arb.adapters.venues.liveness import SilenceLimits
from arb.adapters.venues.websocket import SocketRules, VenueSocket
from arb.app.streams import MarketLine, market_lines
from arb.domain.health.assignment import Assignment
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.health.degradation import Degree, never_degraded
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_MS, VENUE_AHEAD_NS_MAX
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed, FeedStore, ReadyMessages, unnoted
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.market.lag import Lag
from arb.engine.market.membership import AssignmentLog, LastAssignment, Membership, unheard
from arb.engine.market.venue_feed import VenueFeed
from arb.ports.market import Clock, Entropy, FeedRegistry
from arb.ports.messaging import Counters, Dispatcher
from config.settings import Settings
from workers.feed_process import FeedProcess, VenueLine

CONNECT_MS_MAX: Final = 5_000
PROBE_MS_MAX: Final = 5_000
IDLE_MS_MAX: Final = 60_000
KEEP_ALIVE_MS: Final = 60_000
JUMP_BPS_MAX: Final = Decimal(2_000)
JUMP_WINDOW_MS: Final = 1_000
INCARNATION_BITS: Final = 48


def _in_step(_venue: Venue) -> int:
    """Return that a venue's clock is ours."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a feed talks to, besides the venues."""

    store: FeedStore
    registry: FeedRegistry
    dispatcher: Dispatcher
    counters: Counters
    last_assignment: LastAssignment
    assignment_log: AssignmentLog
    clock: Clock
    entropy: Entropy
    degree: Callable[[], Degree] = never_degraded
    announce: Callable[[Assignment], None] = unheard
    offset_ns: Callable[[Venue], int] = _in_step  # a venue's clock minus ours
    note: Callable[[Book], None] = unnoted  # of every book
    notices: ReadyMessages | None = None  # where the store's server is the broker too


def build(settings: Settings, worker: str, outside: Outside) -> FeedProcess:
    """Return a feed worker that may be given any of the settings' coins, wired and not yet started."""
    clock, entropy, buffered = outside.clock, outside.entropy, BufferedCounters()
    feed = Feed(
        pair=Pair(*settings.pair),
        store=outside.store,
        dispatcher=outside.dispatcher,
        buffered=buffered,
        clock=clock,
        degree=outside.degree,
        on_fenced=lambda coins: process.hasten(coins),
        note=outside.note,
        notices=outside.notices,
    )
    limits = _gate_limits(settings)

    def line(market: MarketLine) -> VenueLine:
        stream = market.stream
        lag = Lag(partial(outside.offset_ns, stream.venue))
        listener = VenueFeed(stream=stream, gate=BookGate(limits), feed=feed, buffered=buffered, lag=lag)
        rules = _rules(settings, market)
        socket = VenueSocket(rules=rules, listener=listener, clock=clock, entropy=entropy)
        return VenueLine(socket, listener, stream)

    membership = _membership(settings, worker, outside)
    process = FeedProcess(
        feed=feed,
        venues=tuple(line(each) for each in market_lines(settings, entropy)),
        membership=membership,
        buffered=buffered,
        counters=outside.counters,
        clock=clock,
        flush_interval_ms=settings.feed.flush_interval_ms,
        frozen_ns=membership.rules.dead_ns * 3 // 4,  # until then nobody holds us for dead
        lag_ns_max=limits.lag_ns_max,
    )
    return process


def _membership(settings: Settings, worker: str, outside: Outside) -> Membership:
    return Membership(
        worker=worker,
        incarnation=outside.entropy.bits(INCARNATION_BITS),
        capacity=settings.feed.coins_max + 1,  # the rate is nobody's coin, and somebody feeds it
        coins=(USDT, *(Coin(coin) for coin in settings.traded)),
        is_told=not settings.coins,
        registry=outside.registry,
        last_assignment=outside.last_assignment,
        assignment_log=outside.assignment_log,
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


def _rules(settings: Settings, market: MarketLine) -> SocketRules:
    return SocketRules(
        venue=market.stream.venue,
        url=market.url,
        path=market.stream.path,
        keep_alive=market.keep_alive,
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
