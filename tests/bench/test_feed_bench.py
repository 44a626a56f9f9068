"""What decoding, checking and conflating cost, as a multiple of a bare `orjson.loads` of the same frames.

Prints, and asserts nothing but that the frames were taken: `pytest -s tests/bench/test_feed_bench.py`.
"""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

import orjson
import pytest

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.redis.book_text import book_to_text
from arb.adapters.redis.client import connect
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.market.lag import Lag
from arb.engine.market.stream import MarketStream, Notice
from arb.engine.market.venue_feed import VenueFeed
from arb.venues.binance.stream import BinanceStream
from arb.venues.krw.stream import KrwStream
from arb.venues.upbit.books import LINE
from tests.domain.markets import PAIR
from tests.engine.books import a_book

FRAMES = 2_000
ROUNDS = 3
DRAIN_EVERY = 20
COINS = [Coin("BTC")]


def limits() -> GateLimits:
    return GateLimits(
        lag_ns_max=60 * NS_PER_S,
        ahead_ns_max=60 * NS_PER_S,
        jump_bps_max=Decimal(2_000),
        jump_window_ns=NS_PER_S,
    )


def tops() -> list[bytes]:
    data = {
        "s": "BTCUSDT",
        "b": "61837.63000000",
        "B": "3.78826000",
        "a": "61837.64000000",
        "A": "1.54698000",
    }
    return [
        orjson.dumps({"stream": "btcusdt@bookTicker", "data": {"u": 50_093_239_212 + number, **data}})
        for number in range(FRAMES)
    ]


def depths() -> list[bytes]:
    bids = [[f"{61837 - i}.63000000", "3.78826000"] for i in range(20)]
    asks = [[f"{61838 + i}.63000000", "1.54698000"] for i in range(20)]
    return [
        orjson.dumps(
            {
                "stream": "btcusdt@depth20@100ms",
                "data": {"lastUpdateId": 1 + number, "bids": bids, "asks": asks},
            }
        )
        for number in range(FRAMES)
    ]


def orderbooks() -> list[bytes]:
    rows = [
        {"ap": 137_002_000 + i, "bp": 137_001_000 - i, "as": 0.10623869, "bs": 0.03656812} for i in range(15)
    ]
    now_ms = SystemClock().now_ns() // 1_000_000
    return [
        orjson.dumps({"ty": "orderbook", "cd": "KRW-BTC", "tms": now_ms, "obu": rows}) for _ in range(FRAMES)
    ]


CASES: list[tuple[str, Callable[[], list[bytes]], MarketStream]] = [
    ("binance bookTicker", tops, BinanceStream(coins=COINS, levels_max=15)),
    ("binance depth20", depths, BinanceStream(coins=COINS, levels_max=15)),
    ("upbit orderbook.15", orderbooks, KrwStream(LINE, coins=COINS, levels_max=15, ticket="t")),
]


def best_us(work: Callable[[], None]) -> float:
    """Return the quickest of some rounds, per frame."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found) / FRAMES * 1e6


def load_all(frames: Sequence[bytes]) -> None:
    for frame in frames:
        orjson.loads(frame)


def feed_all(stream: MarketStream, frames: Sequence[bytes]) -> None:
    clock, buffered = SystemClock(), BufferedCounters()
    feed = Feed(
        pair=PAIR,
        store=MemoryQuoteStore(clock),
        dispatcher=MemoryDispatcher(),
        buffered=buffered,
        clock=clock,
    )
    feed.own(dict.fromkeys(COINS, 0))
    listener = VenueFeed(stream=stream, gate=BookGate(limits()), feed=feed, buffered=buffered, lag=Lag())
    listener.opened()
    if stream.venue is Venue.BINANCE:
        event = {"E": clock.now_ns() // NS_PER_MS}
        listener.received(orjson.dumps({"stream": "btcusdt@depth@100ms", "data": event}), clock.now_ns())
    for number, frame in enumerate(frames):
        assert listener.received(frame, clock.now_ns()) is Notice.PROGRESS
        if number % DRAIN_EVERY == 0:
            listener.drained()


@pytest.mark.parametrize(("name", "make", "stream"), CASES, ids=[name for name, _, _ in CASES])
def test_decoding_and_conflating(name, make, stream):
    frames = make()
    bare_us = best_us(lambda: load_all(frames))
    whole_us = best_us(lambda: feed_all(stream, frames))
    print(
        f"\n{name}: {whole_us:.1f} us a frame, {1e6 / whole_us:,.0f} frames/s, "
        f"{whole_us / bare_us:.1f} x orjson.loads ({bare_us:.1f} us)"
    )


@pytest.mark.parametrize("count", [1, 10])
def test_a_fenced_write_against_a_plain_one(redis_url, count):
    """The same commands without a look at the fences, as one pipeline."""
    keys = [(Venue.UPBIT, Symbol(f"C{number}/KRW")) for number in range(count)]
    books = [a_book(key) for key in keys]
    with connect(redis_url) as client:
        store = RedisQuoteStore(client, "bench")

        def plain() -> None:
            for _ in range(FRAMES):
                pipeline = client.pipeline(transaction=False)
                pipeline.hset("plain", mapping={book.symbol: book_to_text(book) for book in books})
                pipeline.sadd("dirty", "BTC")
                pipeline.set("pending", "1", nx=True, px=1_000)
                pipeline.execute()

        def fenced() -> None:
            for _ in range(FRAMES):
                assert not store.put(books, ["BTC"]).fenced

        plain_us, fenced_us = best_us(plain), best_us(fenced)
    print(f"\n{count} books: fenced {fenced_us:.0f} us a write, plain {plain_us:.0f} us")
