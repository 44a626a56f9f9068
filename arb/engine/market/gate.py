"""Which books of one venue may be believed: not stale, not out of order, not absurd.

Pure: times come with the books, and how late they are by the venue's stamps. Crossed and empty books cannot
exist (`Book` refuses them).
"""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.errors import DataError
from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol
from arb.domain.market.money import bps


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """Beyond these a book is dropped."""

    lag_ns_max: int  # from the venue's stamp to our receiving it
    ahead_ns_max: int  # the venue's stamp after our receiving it: its clock or ours is off
    jump_bps_max: Decimal  # of both sides, against the last accepted ones
    jump_window_ns: int  # a jump over a longer time than this is a move


class BookGate:
    """Remembers the last accepted book of each symbol of one venue, for one connection."""

    def __init__(self, limits: GateLimits) -> None:
        self._limits = limits
        self._last: dict[Symbol, Book] = {}

    def reset(self) -> None:
        """Forget: a new connection starts its own sequence."""
        self._last.clear()

    def admit(self, book: Book, lag_ns: int | None) -> None:
        """Remember the book as accepted; `lag_ns` is how late it came, None where that cannot be told.

        Raises: DataError unstamped, stale, ahead, out_of_order, absurd.
        """
        self._check_lag(book, lag_ns)
        last = self._last.get(book.symbol)
        if last is not None:
            self._check_against(last, book)
        self._last[book.symbol] = book

    def _check_lag(self, book: Book, lag_ns: int | None) -> None:
        if lag_ns is None:
            raise DataError("unstamped", f"{book.venue} {book.symbol}")
        if lag_ns > self._limits.lag_ns_max:
            raise DataError("stale", f"{book.venue} {book.symbol} lag_ns={lag_ns}")
        if -lag_ns > self._limits.ahead_ns_max:
            raise DataError("ahead", f"{book.venue} {book.symbol} lag_ns={lag_ns}")

    def _check_against(self, last: Book, book: Book) -> None:
        if book.sequence < last.sequence:
            raise DataError("out_of_order", f"{book.venue} {book.symbol} {last.sequence} -> {book.sequence}")
        if not 0 <= book.ts_recv_ns - last.ts_recv_ns < self._limits.jump_window_ns:
            return
        if _moved_bps(last, book) > self._limits.jump_bps_max:
            sides = f"{last.bid}/{last.ask} -> {book.bid}/{book.ask}"
            raise DataError("absurd", f"{book.venue} {book.symbol} {sides}")


def _moved_bps(last: Book, book: Book) -> Decimal:
    """Return how far both sides moved: a hole in one of them is there, and has to be known."""
    return min(abs(bps(book.bid - last.bid, last.bid)), abs(bps(book.ask - last.ask, last.ask)))
