"""What a book is good for at a size: what its sides pay on average, and whether they are near each other.

The best prices alone say little: a level of next to nothing on top of a hole is none.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from arb.domain.market.book import Book, Level, sweep
from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO, bps
from arb.domain.market.spread import Market

TICKS: Final = 3  # a coarse price step makes no hole: so many of them are never too wide
# Of the size, that each side needs. Whoever trades needs all of it on one side; of a market that got thinner
# than this on the other one somebody has pulled it.
SHARE: Final = Decimal("0.1")


def narrow(
    book: Book, quantity: Decimal, spread_bps_max: Decimal, tick: Decimal = ZERO
) -> tuple[Decimal, Decimal] | None:
    """Return what selling and buying `quantity` pays on average, or None where the book has a hole."""
    bid, ask = _average(book.bids, quantity), _average(book.asks, quantity)
    if bid is None or ask is None:
        return None
    if ask - bid > TICKS * tick and bps(ask - bid, bid) > spread_bps_max:
        return None
    return bid, ask


def _average(levels: Sequence[Level], quantity: Decimal) -> Decimal | None:
    """Return the average price of as much of the size as there is, None where that is next to nothing."""
    found = sweep(levels, quantity)
    if found is None:
        there = sum((level.quantity for level in levels), ZERO)
        found = sweep(levels, there) if there > quantity * SHARE else None
    return found.vwap if found is not None and found.quantity > ZERO else None


def hole(market: Market, quantity: Decimal, spread_bps_max: Decimal) -> Venue | None:
    """Return the venue whose book has a hole at this size, if one has."""
    for venue in market.venues:
        book = market.book(venue)
        if narrow(book, quantity, spread_bps_max, market.instrument(venue).tick(book.ask)) is None:
            return venue
    return None
