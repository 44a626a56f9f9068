"""Order books as values: levels sorted best first, prices quote per base, quantities base."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Level(NamedTuple):
    """A price and how much is there."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Both sides of one instrument, best level first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
