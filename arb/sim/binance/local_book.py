"""A book kept from a snapshot and depth diffs, by the venue's documented algorithm.

A diff older than the book is ignored; one that does not join on is a gap, and the book is wrong
until the next snapshot.
"""

from collections.abc import Mapping
from decimal import Decimal
from heapq import nlargest, nsmallest
from typing import Any

from arb.sim.core.book import SimulatedBook, SimulatedLevel


class Gap(Exception):
    """A diff is missing between the book and this one."""


class LocalBook:
    """Every level of one symbol."""

    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self.update_id: int = snapshot["lastUpdateId"]
        self._bids = {Decimal(price): Decimal(quantity) for price, quantity in snapshot["bids"]}
        self._asks = {Decimal(price): Decimal(quantity) for price, quantity in snapshot["asks"]}

    def apply(self, diff: Mapping[str, Any]) -> None:
        """Apply a depthUpdate event. Raises: Gap."""
        if diff["u"] <= self.update_id:
            return
        if diff["U"] > self.update_id + 1:
            raise Gap(self.update_id, diff["U"])
        for side, changes in ((self._bids, diff["b"]), (self._asks, diff["a"])):
            for price, quantity in changes:
                _set(side, Decimal(price), Decimal(quantity))
        self.update_id = diff["u"]

    def top(self, levels: int) -> SimulatedBook:
        """Return the best levels of both sides."""
        return SimulatedBook(
            bids=tuple(SimulatedLevel(price, self._bids[price]) for price in nlargest(levels, self._bids)),
            asks=tuple(SimulatedLevel(price, self._asks[price]) for price in nsmallest(levels, self._asks)),
        )


def _set(side: dict[Decimal, Decimal], price: Decimal, quantity: Decimal) -> None:
    if quantity == 0:
        side.pop(price, None)
    else:
        side[price] = quantity
