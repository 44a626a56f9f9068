"""Which of the books that a venue gave when it was asked may be acted on.

An answer that came just now may be old: from a cache on its way, or of a venue that stands still. Where the
venue stamps its books the stamp is judged. Where it only numbers them, a number below one
that was seen is an older book, and one that does not move for long is no market.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import VENUE_AHEAD_NS_MAX

# A stamp is of the last change, and the top of a quiet market may stand still for a while; `age_ns_max` is
# how old the rate may be, which is quiet, too. Six times as long without a change is a halt, or a copy.
STILL: Final = 6
Key = tuple[Venue, Symbol]


@dataclass(frozen=True, slots=True)
class QueriedBooks:
    """Remembers the numbers that it has seen."""

    age_ns_max: int
    seen: dict[Key, tuple[int, int]] = field(default_factory=dict)  # greatest number, and since when (steady)

    def doubt(self, book: Book, hot: Book | None, now_ns: int, steady_ns: int) -> str:
        """Return why a book that was asked for is not believed, or ""; `hot` is the newest that was fed."""
        if book.ts_event_ns:
            age_ns = now_ns - book.ts_event_ns
            return "" if -VENUE_AHEAD_NS_MAX <= age_ns <= self.age_ns_max else "old"
        number, since_ns = self._newest(book, hot, now_ns, steady_ns)
        if book.sequence < number:
            return "old"
        return "still" if steady_ns - since_ns > STILL * self.age_ns_max else ""

    def _newest(self, book: Book, hot: Book | None, now_ns: int, steady_ns: int) -> tuple[int, int]:
        """Return the greatest number of this market so far, and since when it is known."""
        key = (book.venue, book.symbol)
        known = [(book.sequence, steady_ns)]
        if hot is not None and not hot.ts_event_ns:
            known.append((hot.sequence, steady_ns - max(0, now_ns - hot.ts_recv_ns)))
        if key in self.seen:
            known.append(self.seen[key])
        self.seen[key] = max(known, key=lambda each: (each[0], -each[1]))
        return self.seen[key]
