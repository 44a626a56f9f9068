"""A venue of a replay: what an order takes of a book is gone from it until the next one comes."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from arb.adapters.memory.venue import MemoryVenue
from arb.domain.market.book import Level, left_of
from arb.domain.market.instrument import Side
from arb.domain.market.money import UNIT, ZERO
from arb.domain.trading.order import Order, OrderReport
from arb.ports.trading import Before, at_once

LEFT: Final = UNIT  # of a side that was taken whole: a book is never empty


@dataclass(kw_only=True)
class ReplayVenue(MemoryVenue):
    """One venue whose books come from a record."""

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Execute an order against what is left of the newest book."""
        report = super().place(order, before)
        taken = sum((fill.quantity for fill in report.fills), ZERO)
        if taken > ZERO:
            self._take(order, taken)
        return report

    def _take(self, order: Order, taken: Decimal) -> None:
        key = (self.venue, order.symbol)
        book = self.quotes.get([key])[key]
        levels = book.against(order.side)
        left = tuple(left_of(levels, taken)) or (Level(levels[-1].price, LEFT),)
        rest = replace(book, asks=left) if order.side is Side.BUY else replace(book, bids=left)
        self.quotes.put([rest], [])
