"""Order books in KRW over REST, for when no stream brings them, and what of books differs by venue."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import gt, lt
from typing import Any

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.venues.levels import REST_LEVELS, best_first
from arb.venues.reply import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLine:
    """How one venue tells of its books, on the stream and over REST."""

    venue: Venue
    code: Callable[[str, int], str]  # to subscribe to: of a market, and of at least so many levels
    market: Callable[[str], str]  # of the code in a frame
    event_ns: Callable[[int], int]  # of a stamp
    sequence_unit_ns: int  # what the order of books is counted in
    is_level: Callable[[Decimal, Decimal], bool]  # price, quantity: False for what only fills a side up


def book(line: BookLine, symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    (row,) = body
    event_ns = line.event_ns(int(row["timestamp"]))
    return Book(
        venue=line.venue,
        symbol=symbol,
        bids=best_first(_side(line, row, "bid"), REST_LEVELS, lt),
        asks=best_first(_side(line, row, "ask"), REST_LEVELS, gt),
        sequence=event_ns // line.sequence_unit_ns,
        ts_event_ns=event_ns,
        ts_recv_ns=ts_recv_ns,
    )


def _side(line: BookLine, row: Any, side: str) -> list[Level]:
    units = row["orderbook_units"]
    pairs = [Level(amount(unit[f"{side}_price"]), amount(unit[f"{side}_size"])) for unit in units]
    return [pair for pair in pairs if line.is_level(*pair)]
