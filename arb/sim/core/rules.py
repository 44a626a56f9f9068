"""What the engine must know about a venue: names, ids, lots and fees."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from arb.sim.core.fees import FeeStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """A venue's own words for the engine's things. Ids are functions of a number counting from 1."""

    venue: str
    quote: str
    fees: FeeStrategy
    lot: Callable[[str], Decimal]  # coin -> smallest quantity, base
    symbol: Callable[[str], str]  # coin -> the venue's name of the instrument
    order_id: Callable[[int], str]
    fill_id: Callable[[int], str]
    cancels_post_only: bool = False  # accepts a post-only order that would take, and cancels it at once
