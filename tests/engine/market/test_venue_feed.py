"""From frames to the feed: decoded, checked, conflated, counted."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_MS
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.market.lag import SILENT_NS_MAX, Lag
from arb.engine.market.stream import MarketStream, Notice
from arb.engine.market.venue_feed import VenueFeed
from arb.venues.binance.stream import BinanceStream
from arb.venues.krw.stream import KrwStream
from arb.venues.upbit.books import LINE
from tests.domain.markets import PAIR
from tests.engine.books import BTC_KRW, NOW_NS

LIMITS = GateLimits(
    lag_ns_max=1_500 * NS_PER_MS,
    ahead_ns_max=5_000 * NS_PER_MS,
    jump_bps_max=Decimal(2_000),
    jump_window_ns=1_000 * NS_PER_MS,
)


class Counts:
    """A Counters that remembers."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.counts[name, reason] = self.counts.get((name, reason), 0) + amount

    def read(self):
        raise NotImplementedError


class World:
    """Upbit's feed of one coin."""

    def __init__(self) -> None:
        clock = ManualClock(NOW_NS)
        self.store, self.buffered = MemoryQuoteStore(clock), BufferedCounters()
        coins = [Coin("BTC")]
        self.feed = Feed(
            pair=PAIR, store=self.store, dispatcher=MemoryDispatcher(), buffered=self.buffered, clock=clock
        )
        self.feed.own({Coin("BTC"): 0})
        stream = KrwStream(LINE, coins=coins, levels_max=1, ticket="t")
        self.listener = self.listening(stream)

    def listening(self, stream: MarketStream, offset_ns: int = 0) -> VenueFeed:
        lag = Lag(lambda: offset_ns)
        return VenueFeed(
            stream=stream, gate=BookGate(LIMITS), feed=self.feed, buffered=self.buffered, lag=lag
        )

    def stored(self) -> int | None:
        self.feed.flush()
        book = self.store.get([BTC_KRW]).get(BTC_KRW)
        return book and book.sequence

    def counts(self) -> dict[tuple[str, str], int]:
        counters = Counts()
        self.buffered.report(counters)
        return {key: count for key, count in counters.counts.items() if key[0] != "feed_flushes"}


@pytest.fixture
def world() -> World:
    return World()


def frame(stamp_ms: int = NOW_NS // NS_PER_MS, bid: int = 100) -> bytes:
    row = {"ap": bid + 1, "bp": bid, "as": 1, "bs": 1}
    return orjson.dumps({"ty": "orderbook", "cd": "KRW-BTC", "tms": stamp_ms, "obu": [row]})


def test_a_frame_reaches_the_store_when_the_socket_is_drained(world):
    assert world.listener.received(frame(), NOW_NS) is Notice.PROGRESS
    assert world.stored() is None
    world.listener.drained()
    assert world.stored() == NOW_NS // NS_PER_MS
    assert world.counts() == {("frames_accepted", "upbit"): 1}


def test_a_socket_that_never_drains_is_not_waited_for_too_long(world):
    for passed_ms in (0, 50, 51):
        assert world.stored() is None
        world.listener.received(frame(), NOW_NS + passed_ms * NS_PER_MS)
    assert world.stored() is not None


def test_of_frames_that_pile_up_only_the_newest_is_read_and_the_others_are_counted(world):
    now_ms = NOW_NS // NS_PER_MS
    for number in range(3):
        world.listener.outrun(frame(now_ms + number), NOW_NS + number)
    world.listener.outrun(b"\x00\xff", NOW_NS)  # of no series: it is looked at, and so is what was kept
    world.listener.outrun(frame(now_ms + 3), NOW_NS + 4)
    assert world.listener.received(frame(now_ms + 4), NOW_NS + 5) is Notice.PROGRESS
    world.listener.drained()
    assert world.stored() == now_ms + 4
    assert world.counts() == {
        ("frames_accepted", "upbit"): 3,
        ("frames_passed_over", "upbit"): 2,
        ("frames_dropped", "upbit:malformed"): 1,
    }


def test_a_pile_of_frames_is_handed_on_in_time_and_tells_whether_it_was_of_use(world):
    now_ms = NOW_NS // NS_PER_MS
    assert world.listener.outrun(frame(now_ms), NOW_NS) is Notice.ALIVE
    assert world.stored() is None
    assert world.listener.outrun(frame(now_ms + 51), NOW_NS + 51 * NS_PER_MS) is Notice.PROGRESS
    assert world.stored() == now_ms + 51
    bad = frame(bid=-5)
    world.listener.outrun(bad, NOW_NS + 60 * NS_PER_MS)
    assert world.listener.outrun(bad, NOW_NS + 112 * NS_PER_MS) is Notice.ALIVE


def test_what_piled_up_on_a_connection_that_closed_goes_nowhere(world):
    world.listener.outrun(frame(), NOW_NS)
    world.listener.closed()
    world.listener.opened()
    world.listener.drained()
    assert world.stored() is None


def test_a_market_that_moved_a_lot_while_frames_piled_up_is_judged_by_the_frame_before(world):
    """A jump is one against what was read last, however many frames were passed over."""
    now_ms = NOW_NS // NS_PER_MS
    world.listener.received(frame(now_ms), NOW_NS)
    world.listener.outrun(frame(now_ms + 1, bid=110), NOW_NS + 1)
    world.listener.outrun(frame(now_ms + 2, bid=1000), NOW_NS + 2)
    world.listener.drained()
    assert world.counts()["frames_dropped", "upbit:absurd"] == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"\x00\xff", "malformed"),
        (frame(NOW_NS // NS_PER_MS - 1_501), "stale"),
        (frame(NOW_NS // NS_PER_MS + 5_001), "ahead"),
        (frame(NOW_NS // NS_PER_MS - 1), "out_of_order"),
        (frame(bid=1000), "absurd"),
        (frame(bid=-5), "absurd"),
        (frame().replace(b'"ap":101', b'"ap":99'), "book_crossed"),
        (b'{"ty":"trade"}', "unexpected"),
    ],
)
def test_a_bad_frame_is_counted_and_the_next_one_is_taken(world, bad, reason):
    world.listener.received(frame(), NOW_NS)
    assert world.listener.received(bad, NOW_NS) is Notice.ALIVE
    assert world.listener.received(frame(NOW_NS // NS_PER_MS + 1), NOW_NS) is Notice.PROGRESS
    world.listener.drained()
    assert world.stored() == NOW_NS // NS_PER_MS + 1
    assert world.counts() == {("frames_accepted", "upbit"): 2, ("frames_dropped", f"upbit:{reason}"): 1}


def test_a_refused_subscription_is_told_and_remembered(world):
    notice = world.listener.received(b'{"error":{"name":"NO_CODES","message":"..."}}', NOW_NS)
    assert notice is Notice.REJECTED
    assert "NO_CODES" in world.listener.rejection


def test_a_closed_socket_takes_its_quotes_along_and_a_new_one_starts_over(world):
    world.listener.received(frame(), NOW_NS)
    world.listener.drained()
    assert world.stored() is not None
    world.listener.received(frame(), NOW_NS)
    world.listener.closed()
    world.listener.drained()
    assert world.stored() is None
    assert "KRW-BTC" in world.listener.opened()[0]
    earlier = NOW_NS // NS_PER_MS - 1_000
    assert world.listener.received(frame(earlier), NOW_NS) is Notice.PROGRESS


def test_the_lag_is_told_of_books_that_come_too_late_to_be_believed(world):
    assert world.listener.lag_ns(NOW_NS) is None
    for lag_ms in (5, 1_500, 1_501, 6_000):
        world.listener.received(frame(), NOW_NS + lag_ms * NS_PER_MS)
        assert world.listener.lag_ns(NOW_NS) == lag_ms * NS_PER_MS
    assert world.counts()["frames_dropped", "upbit:stale"] == 2


def test_a_closed_socket_has_no_lag(world):
    world.listener.received(frame(), NOW_NS + 6_000 * NS_PER_MS)
    world.listener.closed()
    assert world.listener.lag_ns(NOW_NS) is None


def test_a_quiet_venue_is_not_late(world):
    world.listener.received(frame(), NOW_NS + 5 * NS_PER_MS)
    assert world.listener.lag_ns(NOW_NS + 3_600_000 * NS_PER_MS) == 5 * NS_PER_MS


def top(sequence: int = 1) -> bytes:
    data = {"u": sequence, "b": "100", "B": "1", "a": "101", "A": "1"}
    return orjson.dumps({"stream": "btcusdt@bookTicker", "data": data})


def stamp(at_ns: int) -> bytes:
    event = {"e": "depthUpdate", "E": at_ns // NS_PER_MS, "s": "BTCUSDT", "b": [], "a": []}
    return orjson.dumps({"stream": "btcusdt@depth@100ms", "data": event})


def binance(world: World, offset_ns: int = 0) -> VenueFeed:
    return world.listening(BinanceStream(coins=[Coin("BTC")], levels_max=1), offset_ns)


@pytest.mark.parametrize(
    ("lag_ms", "offset_ms", "dropped"),
    [
        (0, 0, ""),
        (1_500, 0, ""),
        (1_501, 0, "stale"),
        (-5_001, 0, "ahead"),
        (-4_000, 4_000, ""),
        (4_000, -4_000, ""),
        (0, 1_501, "stale"),
    ],
)
def test_books_without_a_stamp_are_as_late_as_the_stamped_stream_by_the_venues_clock(
    world, lag_ms, offset_ms, dropped
):
    listener = binance(world, offset_ms * NS_PER_MS)
    assert listener.received(stamp(NOW_NS - lag_ms * NS_PER_MS), NOW_NS) is Notice.ALIVE
    taken = listener.received(top(), NOW_NS) is Notice.PROGRESS
    assert listener.lag_ns(NOW_NS) == (lag_ms + offset_ms) * NS_PER_MS
    assert (taken, world.counts()) == (
        not dropped,
        {("frames_dropped", f"binance:{dropped}"): 1} if dropped else {},
    )


def test_books_of_a_connection_that_was_never_stamped_are_not_believed(world):
    listener = binance(world)
    listener.received(top(), NOW_NS)
    assert world.counts() == {("frames_dropped", "binance:unstamped"): 1}
    assert listener.lag_ns(NOW_NS + SILENT_NS_MAX) is None
    assert listener.lag_ns(NOW_NS + SILENT_NS_MAX + 1) == SILENT_NS_MAX + 1


def test_a_stamped_stream_that_falls_silent_is_no_health(world):
    listener = binance(world)
    listener.received(stamp(NOW_NS), NOW_NS)
    found = [
        listener.received(top(sequence), NOW_NS + after_ns)
        for sequence, after_ns in enumerate((1, SILENT_NS_MAX + 1, SILENT_NS_MAX + 2), start=1)
    ]
    assert found == [Notice.PROGRESS, Notice.PROGRESS, Notice.ALIVE]
    assert world.counts()["frames_dropped", "binance:unstamped"] == 1
    assert listener.lag_ns(NOW_NS + 60_000 * NS_PER_MS) == 60_000 * NS_PER_MS - 1
    listener.received(stamp(NOW_NS + 60_000 * NS_PER_MS), NOW_NS + 60_000 * NS_PER_MS)
    assert listener.received(top(4), NOW_NS + 60_000 * NS_PER_MS) is Notice.PROGRESS


def test_a_new_connection_has_to_be_stamped_anew(world):
    listener = binance(world)
    listener.received(stamp(NOW_NS), NOW_NS)
    listener.closed()
    listener.opened()
    assert listener.received(top(), NOW_NS + 1) is Notice.ALIVE


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30), st.data())
def test_whatever_order_frames_come_in_the_newest_is_kept(stamps, data):
    world = World()
    base = NOW_NS // NS_PER_MS
    for stamp in stamps:
        world.listener.received(frame(base + stamp), NOW_NS)
        if data.draw(st.booleans()):
            world.listener.drained()
    world.listener.drained()
    assert world.stored() == base + max(stamps)
