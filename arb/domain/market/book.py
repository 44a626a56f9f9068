"""Order books as the feeds deliver them, and what taking from them costs.

Prices are quote per base, quantities base, times Unix nanoseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from arb.domain.errors import DataError
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO


class Level(NamedTuple):
    """One price of a book; there are thousands a second of them, and no other value is made as fast."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The best levels of one instrument, best first on both sides; never empty, never crossed."""

    venue: Venue
    symbol: Symbol
    bids: Sequence[Level]
    asks: Sequence[Level]
    sequence: int  # the venue's update id or stamp; grows
    ts_event_ns: int  # the venue's stamp, 0 where it gives none
    ts_recv_ns: int  # ours
    fence: int = 0  # of the ownership that it came in under; 0: of nobody's

    def __post_init__(self) -> None:
        if not self.bids or not self.asks:
            raise DataError("book_empty", f"{self.venue} {self.symbol}")
        if not ZERO < self.bids[0].price < self.asks[0].price:
            raise DataError("book_crossed", f"{self.venue} {self.symbol} {self.bid} {self.ask}")

    @property
    def bid(self) -> Decimal:
        """Return the best bid."""
        return self.bids[0].price

    @property
    def ask(self) -> Decimal:
        """Return the best ask."""
        return self.asks[0].price

    @property
    def mid(self) -> Decimal:
        """Return the middle of the best prices."""
        return (self.bid + self.ask) / 2

    def top(self, levels: int) -> "Book":
        """Return the book with so many levels on each side at most."""
        if max(len(self.bids), len(self.asks)) <= levels:
            return self
        return replace(self, bids=self.bids[:levels], asks=self.asks[:levels])

    def against(self, side: Side) -> Sequence[Level]:
        """Return the levels that an order of `side` takes from."""
        return self.asks if side is Side.BUY else self.bids


@dataclass(frozen=True, slots=True)
class BookSweep:
    """What taking from a book gives: base taken, quote paid or got, the worst price touched."""

    quantity: Decimal
    notional: Decimal
    worst_price: Decimal

    @property
    def vwap(self) -> Decimal:
        """Return the average price."""
        return self.notional / self.quantity


def left_of(levels: Sequence[Level], quantity: Decimal) -> list[Level]:
    """Return what is left of `levels` once `quantity` was taken, best first."""
    left = []
    for level in levels:
        part = min(quantity, level.quantity)
        quantity -= part
        if level.quantity > part:
            left.append(Level(level.price, level.quantity - part))
    return left


def sweep(levels: Sequence[Level], quantity: Decimal) -> BookSweep | None:
    """Return the cost of taking `quantity` from `levels`, or None if they hold less."""
    left, notional = quantity, ZERO
    for level in levels:
        taken = min(left, level.quantity)
        notional += taken * level.price
        left -= taken
        if left <= ZERO:
            return BookSweep(quantity, notional, level.price)
    return None
