"""The whole feed over real sockets: two venues in, one store out."""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import orjson
import pytest

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import SeededEntropy, SystemClock
from arb.adapters.local.crew import SWITCH_S
from arb.adapters.memory.feeds import MemoryFeedRegistry, MemoryLastAssignment, SilentAssignmentLog
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.market.ids import Symbol, Venue
from config.settings import Settings, load
from tests.adapters.venues.websocket_server import Peer, Server
from tests.domain.markets import USDT_KRW
from workers.feed_process import FeedProcess
from workers.feed_wiring import Outside, build

UPBIT = (Venue.UPBIT, Symbol("BTC/KRW"))
BINANCE = (Venue.BINANCE, Symbol("BTC/USDT"))
ALL = (UPBIT, BINANCE, USDT_KRW)


class Counts:
    """A Counters that remembers."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.counts[name, reason] = self.counts.get((name, reason), 0) + amount

    def read(self):
        raise NotImplementedError


def upbit_frame(code: str, bid: int) -> bytes:
    row = {"ap": bid + 1, "bp": bid, "as": 1, "bs": 1}
    stamp_ms = SystemClock().now_ns() // 1_000_000
    return orjson.dumps({"ty": "orderbook", "cd": code, "tms": stamp_ms, "obu": [row]})


def binance_frame(sequence: int) -> bytes:
    data = {"u": sequence, "s": "BTCUSDT", "b": "100", "B": "1", "a": "101", "A": "1"}
    return orjson.dumps({"stream": "btcusdt@bookTicker", "data": data})


class Ears(SilentAssignmentLog):
    """Hears of venues that are late."""

    def __init__(self) -> None:
        self.heard: list[tuple[Venue, str]] = []

    def late(self, venue: Venue, lag_ns: int) -> None:
        self.heard.append((venue, "late"))

    def in_time(self, venue: Venue) -> None:
        self.heard.append((venue, "in time"))


class World:
    """A running feed of one coin, its store and what it sent."""

    def __init__(self, settings: Settings) -> None:
        self.store, self.dispatcher = MemoryQuoteStore(SystemClock()), MemoryDispatcher()
        self.registry = MemoryFeedRegistry(self.store)
        self.counters, self.assignment_log = Counts(), Ears()
        outside = Outside(
            store=self.store,
            registry=self.registry,
            dispatcher=self.dispatcher,
            counters=self.counters,
            last_assignment=MemoryLastAssignment(),
            assignment_log=self.assignment_log,
            clock=SystemClock(),
            entropy=SeededEntropy(1),
        )
        self.process: FeedProcess = build(settings, "feed", outside)

    def stored(self) -> set[tuple[Venue, Symbol]]:
        return set(self.store.get(ALL))


@contextmanager
def running(upbit: Server, binance: Server, flush_interval_ms: int = 2) -> Iterator[World]:
    environ = {
        "ARB_COINS": "BTC",
        "ARB_UPBIT__STREAM_URL": upbit.url,
        "ARB_BINANCE__STREAM_URL": binance.url.removesuffix("/ws"),
    }
    settings = load("mock", environ)
    feed = settings.feed.model_copy(update={"flush_interval_ms": flush_interval_ms})
    world = World(settings.model_copy(update={"feed": feed}))
    world.process.start()
    try:
        yield world
    finally:
        world.process.stop()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def binance_stamp(late_ms: int = 0) -> bytes:
    event = {"e": "depthUpdate", "E": SystemClock().now_ns() // 1_000_000 - late_ms}
    return orjson.dumps({"stream": "btcusdt@depth@100ms", "data": event})


async def calm_binance(peer: Peer) -> None:
    assert "streams" not in peer.request.query
    asked = orjson.loads((await peer.read()).data)
    assert asked["params"] == ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@depth20@100ms"]
    await peer.send(binance_stamp())
    await peer.send(binance_frame(1))
    await peer.freeze()


def test_quotes_of_both_venues_reach_the_store_and_stopping_takes_them_away():
    async def upbit(peer: Peer) -> None:
        assert b"KRW-BTC.15" in (await peer.read()).data.encode()
        for code in ("KRW-BTC", "KRW-USDT"):
            await peer.send(upbit_frame(code, 100))
        await peer.freeze()

    with Server(upbit) as one, Server(calm_binance) as other, running(one, other) as world:
        eventually(lambda: world.stored() == set(ALL))
        assert world.process.healthy()
        facts = world.process.facts()
        assert facts["upbit_frames"] == "2"
        assert all(int(facts[f"{venue}_lag_us"]) >= 0 for venue in (Venue.UPBIT, Venue.BINANCE))
        assert {task for task, *_ in world.dispatcher.take()} == {"arb.evaluate"}
    assert world.stored() == set()
    assert not world.process.healthy()


def test_the_first_books_after_quiet_are_handed_on_long_before_an_interval_is_over():
    async def upbit(peer: Peer) -> None:
        await peer.send(upbit_frame("KRW-BTC", 100))
        await peer.freeze()

    with (
        Server(upbit) as one,
        Server(calm_binance) as other,
        running(one, other, flush_interval_ms=10_000) as world,
    ):
        eventually(lambda: world.stored() == {UPBIT, BINANCE})
        assert sys.getswitchinterval() == SWITCH_S


def test_quotes_of_a_venue_that_drops_vanish_while_the_others_stay():
    async def upbit(peer: Peer) -> None:
        await peer.read()
        if peer.number == 1:
            await peer.send(upbit_frame("KRW-BTC", 100))
            await asyncio.sleep(0.5)
            peer.cut()
        await peer.freeze()

    with Server(upbit) as one, Server(calm_binance) as other, running(one, other) as world:
        eventually(lambda: world.stored() == {UPBIT, BINANCE})
        eventually(lambda: world.stored() == {BINANCE})


def test_force_reconnect_brings_quotes_back_over_new_connections():
    async def upbit(peer: Peer) -> None:
        await peer.send(upbit_frame("KRW-BTC", 100 + peer.number))
        await peer.freeze()

    with Server(upbit) as one, Server(calm_binance) as other, running(one, other) as world:
        eventually(lambda: world.stored() == {UPBIT, BINANCE})
        world.process.force_reconnect()
        eventually(lambda: UPBIT in world.stored() and world.store.get(ALL)[UPBIT].bid == 102)
        eventually(lambda: world.stored() == {UPBIT, BINANCE})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b"\x00\xff{", "malformed"), pytest.param(upbit_frame("KRW-BTC", -3), "absurd", id="absurd")],
)
def test_a_bad_frame_is_counted_and_the_stream_goes_on(bad, reason):
    async def upbit(peer: Peer) -> None:
        for frame in (bad, upbit_frame("KRW-BTC", 100), bad, upbit_frame("KRW-BTC", 101)):
            await peer.send(frame)
        await peer.freeze()

    with Server(upbit) as one, Server(calm_binance) as other, running(one, other) as world:
        eventually(lambda: UPBIT in world.stored() and world.store.get(ALL)[UPBIT].bid == 101)
        assert world.process.facts()["upbit_connections"] == "1"
    counts = world.counters.counts
    over = counts.get(("frames_passed_over", "upbit"), 0)  # where frames piled up, of one market
    assert (
        counts.get(("frames_dropped", f"upbit:{reason}"), 0) + counts["frames_accepted", "upbit"] + over == 4
    )
    assert not over or reason == "absurd", "what is of no market is always looked at"


def test_a_venue_that_is_late_is_not_believed_and_told_until_it_is_in_time_again():
    late_ms = 2_000

    async def binance(peer: Peer) -> None:
        for sequence in itertools.count(1):
            await peer.send(binance_stamp(late_ms))
            await peer.send(binance_frame(sequence))
            await asyncio.sleep(0.05)

    async def upbit(peer: Peer) -> None:
        await peer.freeze()

    with Server(upbit) as one, Server(binance) as other, running(one, other) as world:
        eventually(lambda: world.assignment_log.heard == [(Venue.BINANCE, "late")])
        assert BINANCE not in world.stored()
        assert int(world.process.facts()["binance_lag_us"]) >= 2_000_000
        late_ms = 0
        eventually(lambda: BINANCE in world.stored())
        eventually(
            lambda: world.assignment_log.heard == [(Venue.BINANCE, "late"), (Venue.BINANCE, "in time")]
        )
    assert world.counters.counts["frames_dropped", "binance:stale"] > 0
