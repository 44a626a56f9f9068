"""Which rate may be believed: of a whole and narrow book, and a move of it only once it has lasted.

A decision has to be right at every rate that was seen within the time that a move has to last. So a jump of
the rate's own book opens and converges nothing until it has lasted, and a premium while that book is quiet is
taken at once. What counts are the stamps of the books and never how often somebody looked.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock
from typing import Final

from arb.domain.market.book import Book
from arb.domain.market.depth import narrow
from arb.domain.market.spread import RATE_FORGOTTEN, RATE_UNSETTLED, RATE_WIDE, Rate
from arb.domain.time import NS_PER_S

SLOTS: Final = 32  # of the time that a move has to last; what falls into one is one range
# A book that is older than the newest by less came another way; by more, the clock was set back.
BEHIND_NS_MAX: Final = 5 * NS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRules:
    """When a rate is believed."""

    settle_ns: int  # a move is believed once it has lasted for so long
    spread_bps_max: Decimal  # of its book; wider is no rate
    size_usdt: Decimal  # that both sides of the book have to have


@dataclass(frozen=True, slots=True)
class _Seen:
    """The middles of a slot of time, and how far its sides were from them."""

    since_ns: int
    low: Decimal
    high: Decimal
    half_spread: Decimal


@dataclass(slots=True)
class RateBelief:
    """What one process has seen of the rate; without enough of it nothing is opened. Safe between threads."""

    rules: RateRules
    _seen: deque[_Seen] = field(default_factory=deque)
    _newest: Book | None = None
    _rate: Rate | None = None  # by the newest book
    _lock: Lock = field(default_factory=Lock)

    @property
    def last(self) -> Rate | None:
        """Return what was believed last, None if no book was ever seen."""
        return self._rate

    def rate(self, book: Book) -> Rate:
        """Take note of the rate's book; return what to decide by, and why it is in doubt, if it is."""
        with self._lock:
            return self._noted(book)

    def _noted(self, book: Book) -> Rate:
        newest, known = self._newest, self._rate
        if newest is not None and book.ts_recv_ns < newest.ts_recv_ns - BEHIND_NS_MAX:
            self._seen.clear()
            newest = known = None
        if newest is book and known is not None:
            return known
        if known is None or newest is None or (book.ts_recv_ns >= newest.ts_recv_ns and book != newest):
            self._newest, known = book, self._after(book, known)
            self._rate = known
        return known

    def _after(self, book: Book, known: Rate | None) -> Rate:
        found = narrow(book, self.rules.size_usdt, self.rules.spread_bps_max)
        if found is not None:
            return self._learned(book, *found)
        if known is not None and known.doubt != RATE_FORGOTTEN:
            return replace(known, doubt=RATE_WIDE)
        # One with a hole is all that was ever seen: the rate is somewhere in it.
        within = _Seen(0, book.mid, book.mid, (book.ask - book.bid) / 2)
        return _of(book, (book.bid, book.ask), within, RATE_FORGOTTEN)

    def _learned(self, book: Book, bid: Decimal, ask: Decimal) -> Rate:
        middle = (bid + ask) / 2
        seen = _Seen(book.ts_recv_ns, middle, middle, (ask - bid) / 2)
        last = self._seen[-1] if self._seen else None
        if last is not None and book.ts_recv_ns - last.since_ns < self.rules.settle_ns // SLOTS:
            self._seen[-1] = _together((last, seen))
        else:
            self._seen.append(seen)
        # The newest one before the time that counts is what the rate was when that began.
        horizon_ns = book.ts_recv_ns - self.rules.settle_ns
        while len(self._seen) > 1 and self._seen[1].since_ns <= horizon_ns:
            self._seen.popleft()
        within = _together(self._seen)
        return _of(book, (bid, ask), within, "" if within.since_ns <= horizon_ns else RATE_UNSETTLED)


def _together(slots: Collection[_Seen]) -> _Seen:
    return _Seen(
        min(seen.since_ns for seen in slots),
        min(seen.low for seen in slots),
        max(seen.high for seen in slots),
        max(seen.half_spread for seen in slots),
    )


def _of(book: Book, sides: tuple[Decimal, Decimal], within: _Seen, doubt: str) -> Rate:
    bid, ask = sides
    return Rate(
        krw_per_usdt=(bid + ask) / 2,
        bid=bid,
        ask=ask,
        ts_recv_ns=book.ts_recv_ns,
        fence=book.fence,
        low=within.low,
        high=within.high,
        half_spread=within.half_spread,
        doubt=doubt,
    )
