"""Frames as Binance really sent them, 2024-08-08: every best price is read, and read exactly."""

import gzip
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_S
from arb.engine.market.gate import BookGate, GateLimits
from arb.engine.market.lag import FrameStamp
from arb.engine.market.stream import Notice
from arb.venues.binance.stream import BinanceStream

TAPE = Path(__file__).parents[4] / "shared/tapes/binance_btcusdt_20240808.jsonl.gz"
LIMITS = GateLimits(
    lag_ns_max=NS_PER_S, ahead_ns_max=NS_PER_S, jump_bps_max=Decimal(2_000), jump_window_ns=NS_PER_S
)
pytestmark = pytest.mark.skipif(not TAPE.exists(), reason="the recorded frames are not here")


@pytest.fixture(scope="module")
def frames() -> list[tuple[int, bytes]]:
    """Return (receive time, frame) of every line."""
    with gzip.open(TAPE) as lines:
        pairs = (line.rstrip(b"\n").split(b" ", 1) for line in lines)
        return [(int(stamp), frame) for stamp, frame in pairs]


def read(frames: list[tuple[int, bytes]]) -> Iterator[tuple[bytes, Book | FrameStamp | Notice | DataError]]:
    stream, gate = BinanceStream(coins=[Coin("BTC")], levels_max=15), BookGate(LIMITS)
    for ts_recv_ns, frame in frames:
        try:
            found = stream.read(frame, ts_recv_ns)
            if isinstance(found, Book):
                gate.admit(found, 0)
            yield frame, found
        except DataError as error:
            yield frame, error


def test_every_frame_of_the_kinds_in_use_is_a_believable_book(frames):
    kinds = Counter(
        found.detail if isinstance(found, DataError) else type(found).__name__ for _, found in read(frames)
    )
    assert kinds == {"Book": 28_040, "btcusdt@trade": 9_757, "FrameStamp": 3_451, "Notice": 1}


def test_prices_and_sizes_are_exactly_the_ones_sent(frames):
    for frame, found in read(frames):
        if isinstance(found, Book):
            sent = orjson.loads(frame)["data"]
            assert found.bids == (Level(Decimal(sent["b"]), Decimal(sent["B"])),)
            assert found.asks == (Level(Decimal(sent["a"]), Decimal(sent["A"])),)
            assert found.sequence == sent["u"]


def test_a_recorded_depth_stands_behind_the_best_prices_that_follow_it(frames):
    (at_ns, snapshot) = next(pair for pair in frames if pair[1].startswith(b'{"lastUpdateId"'))
    whole = orjson.loads(snapshot)
    cut = {"lastUpdateId": whole["lastUpdateId"], "bids": whole["bids"][:20], "asks": whole["asks"][:20]}
    depth = orjson.dumps({"stream": "btcusdt@depth20@100ms", "data": cut})
    newer = [
        pair
        for pair in frames
        if b"@bookTicker" in pair[1] and orjson.loads(pair[1])["data"]["u"] > cut["lastUpdateId"]
    ]
    books = [found for _, found in read([(at_ns, depth), *newer[:20]]) if isinstance(found, Book)]
    assert len(books) == 21
    assert all(len(book.bids) == len(book.asks) == 15 for book in books if book.ts_recv_ns < at_ns + NS_PER_S)
