"""The two venues that coins are traded between, and the two ways to open a pair of legs on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations
from typing import Any, Final, TypeVar

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Side

Key = tuple[Venue, Symbol]
Kept = TypeVar("Kept")


class Direction(str):
    """Which way a pair is opened: where it buys and where it sells.

    Its text is what databases, snapshots, journals and reports keep. There is one object of each.
    """

    __slots__ = ("buy_on", "sell_on")
    buy_on: Venue
    sell_on: Venue

    def __new__(cls, text: str) -> "Direction":
        """Return the direction of a text. Raises: ValueError if there is no such direction."""
        known = _DIRECTIONS.get(text)
        if known is None:
            raise ValueError(f"{text!r} is not a direction")
        return known

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, which is the same object."""
        return Direction, (str(self),)

    def side(self, venue: Venue) -> Side:
        """Return the side of the leg on `venue`."""
        return Side.BUY if venue is self.buy_on else Side.SELL

    @property
    def opposite(self) -> "Direction":
        """Return the way that closes what this one opened."""
        return _WAYS[self.sell_on, self.buy_on]


def _text(buy_on: Venue, sell_on: Venue) -> str:
    """Return how a direction is written: of the first pair that there was, by its first venue alone."""
    first, second = tuple(Venue)[:2]
    if (buy_on, sell_on) == (second, first):
        return f"sell_{first}"
    if (buy_on, sell_on) == (first, second):
        return f"buy_{first}"
    return f"buy_{buy_on}_sell_{sell_on}"


def _direction(buy_on: Venue, sell_on: Venue) -> Direction:
    made = str.__new__(Direction, _text(buy_on, sell_on))
    made.buy_on, made.sell_on = buy_on, sell_on
    return made


_WAYS: Final = {venues: _direction(*venues) for venues in permutations(Venue, 2)}
_DIRECTIONS: Final = {str(way): way for way in _WAYS.values()}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two venues. What is earned and risked is accounted in the currency that the first one quotes in."""

    first: Venue
    second: Venue
    # The instrument that says what the second venue's currency is worth; None where both quote in one.
    rate_key: Key | None = field(init=False)

    def __post_init__(self) -> None:
        if self.first is self.second:
            raise ValueError(f"a pair needs two venues, not {self.first} twice")
        rate = Symbol(f"{self.second.quote}/{self.currency}")
        is_one = self.second.quote == self.currency
        object.__setattr__(self, "rate_key", None if is_one else (self.first, rate))

    @property
    def venues(self) -> tuple[Venue, Venue]:
        """Return both venues."""
        return self.first, self.second

    @property
    def directions(self) -> tuple[Direction, Direction]:
        """Return both ways to open: selling on the first venue, and buying there."""
        return _WAYS[self.second, self.first], _WAYS[self.first, self.second]

    @property
    def currency(self) -> str:
        """Return the currency of accounts: what the first venue quotes in."""
        return self.first.quote

    def rate_of(self, kept: Mapping[Key, Kept]) -> Kept | None:
        """Return what is kept of the rate's instrument, None where there is nothing, or no rate."""
        return None if self.rate_key is None else kept.get(self.rate_key)

    def other(self, venue: Venue) -> Venue:
        """Return the venue that the leg on `venue` is hedged on."""
        return self.second if venue is self.first else self.first

    def krw(self, venue: Venue, amount: Decimal, krw_per_usdt: Decimal) -> Decimal:
        """Return an amount of the venue's quote currency in the currency of accounts."""
        return amount if venue.quote == self.first.quote else amount * krw_per_usdt


def is_converted(direction: Direction) -> bool:
    """Tell whether a pair of this direction takes in another currency than it gives out."""
    return direction.buy_on.quote != direction.sell_on.quote


# Ways to open a pair between which there is no rate: what a USDT is worth, nothing in them tells.
IN_ONE_CURRENCY: Final = tuple(way for way in _WAYS.values() if not is_converted(way))


def long_sign(direction: Direction, currency: str) -> int:
    """Return 1 if it takes in what is not the currency of accounts, -1 if it gives that out, else 0.

    With 1 it earns when the rate rises.
    """
    return int(direction.sell_on.quote != currency) - int(direction.buy_on.quote != currency)
