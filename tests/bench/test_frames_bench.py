"""Frames a feed takes, and books it writes to Redis, in a second of CPU, against a bare loop.

Half best prices, half 20-level books, of 50 coins. The bare loop receives them with the same library and
decodes the JSON. Both in this process, one after the other, several times; the server is a process of
its own. Prints, and asserts only that frames were taken: `make bench ARGS="-k frames"`.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import websocket

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.client import connect
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.adapters.venues.liveness import SilenceLimits
from arb.adapters.venues.websocket import SocketRules, VenueSocket
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_S
from arb.engine.market.batch_pace import BatchPace
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.market.lag import Lag
from arb.engine.market.venue_feed import VenueFeed
from arb.ports.market import Written
from arb.venues.binance.stream import BinanceStream
from tests.bench.flood import TICK, coins
from tests.domain.markets import PAIR

FRAMES = 30_000
COINS = 250
ROUNDS = 3
TICKS = 150
LEVELS = 15
FLUSH_NS = 2_000_000
LIMITS = GateLimits(
    lag_ns_max=600 * NS_PER_S,
    ahead_ns_max=60 * NS_PER_S,
    jump_bps_max=Decimal(2_000),
    jump_window_ns=NS_PER_S,
)
SILENCE = SilenceLimits(silence_ms_max=60_000, probe_ms_max=5_000, idle_ms_max=120_000, keep_alive_ms=60_000)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.flood", str(FRAMES), str(COINS)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


def bare_s(port: int) -> float:
    """Return how long receiving and decoding takes."""
    connection = websocket.WebSocket(skip_utf8_validation=True)
    connection.connect(f"ws://127.0.0.1:{port}/stream")
    began = time.process_time()
    for _ in range(FRAMES):
        orjson.loads(connection.recv_data_frame(control_frame=True)[1].data)
    took_s = time.process_time() - began
    connection.shutdown()
    return took_s


@dataclass(frozen=True, kw_only=True)
class Fed:
    """What taking all frames took of the processor, and how long each book that was written had waited."""

    took_s: float
    believed: int
    waits_us: list[int]


def fed(port: int, path: str, store: RedisQuoteStore, frames: int = FRAMES) -> Fed:
    """Take so many frames from socket to Redis."""
    clock, buffered = SystemClock(), BufferedCounters()
    names = [Coin(name) for name in coins(COINS)]
    waits_us: list[int] = []
    feed = Feed(pair=PAIR, store=store, dispatcher=MemoryDispatcher(), buffered=buffered, clock=clock)
    put = store.put

    def timed(books: Sequence[Book], *rest: Any) -> Written:
        now_ns = clock.now_ns()
        waits_us.extend((now_ns - book.ts_recv_ns) // 1_000 for book in books)
        return put(books, *rest)

    store.put = timed  # type: ignore[method-assign]
    feed.own(dict.fromkeys(names, 0))
    stream = BinanceStream(coins=names, levels_max=LEVELS)
    listener = VenueFeed(stream=stream, gate=BookGate(LIMITS), feed=feed, buffered=buffered, lag=Lag())
    rules = SocketRules(
        venue=Venue.BINANCE, url=f"ws://127.0.0.1:{port}", path=lambda: path, keep_alive="", silence=SILENCE,
        connect_ms_max=5_000, backoff=SOCKET_BACKOFF, cooldown_ms=SOCKET_COOLDOWN_MS,
    )  # fmt: skip
    socket = VenueSocket(rules=rules, listener=listener, clock=clock, entropy=SystemEntropy())
    over = threading.Event()

    def flush() -> None:
        pace = BatchPace(FLUSH_NS)
        while not over.is_set():
            idle_ns = clock.steady_ns()
            feed.changed.wait(0.1)
            feed.changed.clear()
            pace.waited(clock.steady_ns() - idle_ns)
            over.wait(pace.pause_ns(feed.flush()) / NS_PER_S)

    flusher = threading.Thread(target=flush)
    flusher.start()
    began = time.process_time()
    socket.start()
    while socket.state.frames < frames:
        time.sleep(0.005)
    took_s = time.process_time() - began
    socket.stop()
    over.set()
    flusher.join()
    del store.put  # type: ignore[method-assign]
    taken = ("frames_accepted", "frames_passed_over")
    believed = sum(number for (name, _), number in buffered._counts.items() if name in taken)
    return Fed(took_s=took_s, believed=believed, waits_us=waits_us)


def test_frames_from_a_socket_to_redis(port: int, redis_url: str) -> None:
    with connect(redis_url) as client:
        store = RedisQuoteStore(client, "bench")
        rounds = [(bare_s(port), fed(port, "/stream", store)) for _ in range(ROUNDS)]
    bare, best = min(row[0] for row in rounds), min((row[1] for row in rounds), key=lambda each: each.took_s)
    whole, written = best.took_s, len(best.waits_us)
    print(
        f"\n{FRAMES:,} frames of {COINS} coins, half tops, half 20 levels; per second of CPU:"
        f"\nbare recv and decode {FRAMES / bare:,.0f} frames; socket to Redis {FRAMES / whole:,.0f} frames, "
        f"{written / whole:,.0f} books written; {bare / whole:.0%} of the bare loop"
    )
    assert best.believed > 0.9 * FRAMES


@pytest.mark.parametrize(("path", "frames"), [("/paced", FRAMES), ("/ticks", TICKS * TICK)])
def test_frames_that_come_one_by_one_or_by_ticks(port: int, redis_url: str, path: str, frames: int) -> None:
    with connect(redis_url) as client:
        store = RedisQuoteStore(client, "bench")
        best = min((fed(port, path, store, frames) for _ in range(ROUNDS)), key=lambda each: each.took_s)
    waits_us = sorted(best.waits_us)
    waits = ", ".join(f"p{share} {waits_us[len(waits_us) * share // 100]:,}" for share in (50, 90, 99))
    print(
        f"\n{path}: {best.took_s / frames * 1e6:.1f} us of CPU a frame, {len(waits_us):,} books written; "
        f"us from received to being written: {waits}"
    )
    assert best.believed > 0.9 * frames
