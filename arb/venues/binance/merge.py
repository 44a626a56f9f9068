"""One Binance book out of two streams: depth every 100 ms, the best prices at every change.

Update ids order the two. Depth newer than the best prices is taken as it is. Best prices newer than
the depth replace its top: levels that they contradict (a bid at or above the new best bid, an ask at
or below the new best ask) are dropped, what lies behind stays, at most one depth interval old. Depth
older than `DEPTH_AGE_NS_MAX` (ten missed frames) is dropped whole: then the best prices stand alone.
Source: docs/protocols/binance.md.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import ge, le
from typing import Final, NamedTuple

from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue

DEPTH_AGE_NS_MAX: Final = 1_000_000_000
Levels = Sequence[Level]


class _Top(NamedTuple):
    """Best bid and ask with their update id."""

    bid: Level
    ask: Level
    sequence: int


class MergedBook:
    """The book of one symbol on one connection."""

    def __init__(self, symbol: Symbol, levels_max: int) -> None:
        self._symbol = symbol
        self._levels_max = levels_max
        self._depth: Book | None = None
        self._top: _Top | None = None

    def take_depth(self, bids: Levels, asks: Levels, sequence: int, ts_recv_ns: int) -> Book:
        """Return the book after a depth frame. Raises: DataError."""
        depth = self._book(bids, asks, sequence, ts_recv_ns)
        if self._depth is not None and sequence < self._depth.sequence:
            raise DataError("out_of_order", f"{self._symbol} depth {sequence}")
        self._depth = depth
        if self._top is not None and self._top.sequence > sequence:
            return self._corrected(depth, self._top, ts_recv_ns)
        return depth

    def take_top(self, bid: Level, ask: Level, sequence: int, ts_recv_ns: int) -> Book:
        """Return the book after a frame of best prices. Raises: DataError."""
        depth = self._depth
        if self._top is not None and sequence < self._top.sequence:
            raise DataError("out_of_order", f"{self._symbol} top {sequence}")
        if depth is not None and sequence < depth.sequence:
            raise DataError("superseded", f"{self._symbol} top {sequence}")
        top = _Top(bid, ask, sequence)
        if depth is None or ts_recv_ns - depth.ts_recv_ns > DEPTH_AGE_NS_MAX:
            found = self._book((bid,), (ask,), sequence, ts_recv_ns)
        else:
            found = self._corrected(depth, top, ts_recv_ns)
        self._top = top
        return found

    def _corrected(self, depth: Book, top: _Top, ts_recv_ns: int) -> Book:
        bids = (top.bid, *_behind(depth.bids, top.bid.price, ge))
        asks = (top.ask, *_behind(depth.asks, top.ask.price, le))
        return self._book(bids[: self._levels_max], asks[: self._levels_max], top.sequence, ts_recv_ns)

    def _book(self, bids: Levels, asks: Levels, sequence: int, ts_recv_ns: int) -> Book:
        return Book(
            venue=Venue.BINANCE,
            symbol=self._symbol,
            bids=bids,
            asks=asks,
            sequence=sequence,
            ts_event_ns=0,  # neither stream carries the venue's time
            ts_recv_ns=ts_recv_ns,
        )


def _behind(levels: Levels, price: Decimal, contradicts: Callable[[Decimal, Decimal], bool]) -> Levels:
    """Return the levels behind a best price: those before them are the first ones, and mostly one or none."""
    gone = 0
    while gone < len(levels) and contradicts(levels[gone].price, price):
        gone += 1
    return levels[gone:] if gone else levels
