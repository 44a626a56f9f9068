"""Order books as Upbit writes them: full books of N rows, prices as JSON numbers, and price units.

Pure. A price unit is the venue's (core/ticks.py) by price band, unless the venue changed a market's at
run time: `overrides`. Shapes: docs/protocols/upbit.md.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby, zip_longest
from typing import Any, Final

from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.ticks import TickRule, ceil_to, floor_to
from arb.sim.krw.text import number

ZERO: Final = Decimal(0)
NOTHING: Final = SimulatedLevel(ZERO, ZERO)
LEVEL_MULTIPLES: Final = (0, 10, 100, 1_000, 10_000)  # of the unit, as /orderbook/instruments lists them


def price_unit(market: str, price: Decimal, overrides: Mapping[str, Decimal], tick: TickRule) -> Decimal:
    """Return the unit `market` uses at `price`, in KRW."""
    return overrides.get(market) or tick(price)


def grouping_levels(unit: Decimal) -> list[str]:
    """Return the order book groupings a market with this unit supports, in KRW; 0 is none."""
    return [format(multiple * unit, "f") if multiple else "0" for multiple in LEVEL_MULTIPLES]


def grouped(book: SimulatedBook, level: Decimal) -> SimulatedBook:
    """Return the book with prices merged to multiples of `level` KRW; 0 leaves it alone."""
    if not level:
        return book
    return SimulatedBook(
        bids=_merged((floor_to(price, level), quantity) for price, quantity in book.bids),
        asks=_merged((ceil_to(price, level), quantity) for price, quantity in book.asks),
    )


def orderbook_fields(book: SimulatedBook, stamp: int, units: int) -> dict[str, Any]:
    """Return what REST and WebSocket order books have in common; row i holds ask i and bid i."""
    asks, bids = book.asks[:units], book.bids[:units]
    return {
        "timestamp": stamp,
        "total_ask_size": number(sum((each.quantity for each in asks), ZERO)),
        "total_bid_size": number(sum((each.quantity for each in bids), ZERO)),
        "orderbook_units": [
            {
                "ask_price": number(ask.price),
                "bid_price": number(bid.price),
                "ask_size": number(ask.quantity),
                "bid_size": number(bid.quantity),
            }
            for ask, bid in zip_longest(asks, bids, fillvalue=NOTHING)
        ],
    }


def _merged(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[SimulatedLevel, ...]:
    return tuple(
        SimulatedLevel(price, sum((quantity for _, quantity in same), ZERO))
        for price, same in groupby(rows, key=lambda row: row[0])
    )
