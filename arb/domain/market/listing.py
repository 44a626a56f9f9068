"""What a venue tells of its markets: rules to trade by, and rows that make no sense and are named instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Instrument

UNNAMED: Final = Symbol("")  # of a row of which it cannot be told what it is about


@dataclass(frozen=True, slots=True)
class OddMarket:
    """A market whose row cannot be believed: which of its fields, and what is there."""

    venue: Venue
    symbol: Symbol
    field: str
    value: str

    def __str__(self) -> str:
        market = self.symbol or "a market without a name"
        return f"{self.venue} says of {market} that {self.field} is {self.value}"


@dataclass(frozen=True, slots=True)
class Listing:
    """One reading of a venue's markets. A market is in one of both, or the venue does not list it."""

    rules: tuple[Instrument, ...]
    odd: tuple[OddMarket, ...] = ()

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self.rules)
