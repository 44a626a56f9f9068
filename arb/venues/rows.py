"""Rows of reference data, read one by one: an odd row costs its own market, and never the venue's others.

What a row says is believed within bounds that no real market has come near. A number beyond them would not
only reject orders: a minimum of a billion would make dust of every open pair.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.listing import OddMarket
from arb.domain.market.money import ZERO
from arb.venues.reply import amount, positive

Value = TypeVar("Value")
LISTED_TWICE: Final = "listed twice"
MISSING: Final = "missing"
VALUE_LENGTH_MAX: Final = 60
AMOUNT_MAX: Final = Decimal(10) ** 15
FEE_MAX: Final = Decimal("0.1")  # of what is traded: 200 times what the venues take
MALFORMED: Final = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError)


class OddField(ValueError):
    """A field of a row is missing or says what cannot be."""

    def __init__(self, field: str, value: Any) -> None:
        super().__init__(field, value)
        self.field, self.value = field, value

    def of(self, venue: Venue, symbol: Symbol) -> OddMarket:
        """Return it with the market that it belongs to."""
        shown = "null" if self.value is None else str(self.value) or "empty"
        return OddMarket(venue, symbol, self.field, shown[:VALUE_LENGTH_MAX])


def taken(row: Any, name: str, parse: Callable[[Any], Value], of: str = "") -> Value:
    """Return what `parse` makes of one field; `of` names what the row belongs to. Raises: OddField."""
    field = f"{of}.{name}" if of else name
    if not isinstance(row, Mapping) or name not in row:
        raise OddField(field, MISSING)
    try:
        return parse(row[name])
    except OddField:
        raise
    except MALFORMED:
        raise OddField(field, row[name]) from None


def believed(value: Value | OddField) -> Value:
    """Return a value that was read. Raises: OddField where it was none."""
    if isinstance(value, OddField):
        raise value
    return value


def known(value: Value | OddField | None) -> Value | None:
    """Return a value that was read, None where it was none."""
    return None if isinstance(value, OddField) else value


def above_zero(value: Any) -> Decimal:
    """Return a number above zero that a market may have. Raises: ValueError, ArithmeticError."""
    return _bounded(value, positive)


def not_negative(value: Any) -> Decimal:
    """Return a number that a market may have, 0 included. Raises: ValueError, ArithmeticError."""
    number = _bounded(value, amount)
    if number < ZERO:
        raise ValueError(f"below zero: {number}")
    return number


def fee_rate(value: Any) -> Decimal:
    """Return a fee as a share of what is traded. Raises: ValueError, ArithmeticError."""
    rate = not_negative(value)
    if rate > FEE_MAX:
        raise ValueError(f"no fee: {rate}")
    return rate


def text(value: Any) -> str:
    """Return a name. Raises: ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"no name: {value!r}")
    return value


def by_symbol(
    rows: Any, name_of: Callable[[Any], Symbol], parse: Callable[[Any], Value]
) -> dict[Symbol, Value | OddField]:
    """Return what each row says of its market, or what is odd about it; rows of other markets are left out.

    A market with two rows has none that can be believed.
    """
    found: dict[Symbol, Value | OddField] = {}
    for symbol, row in _named(rows, name_of):
        if symbol in found:
            found[symbol] = OddField("market", LISTED_TWICE)
            continue
        try:
            found[symbol] = parse(row)
        except OddField as odd:
            found[symbol] = odd
    return found


def _named(rows: Any, name_of: Callable[[Any], Symbol]) -> Iterator[tuple[Symbol, Any]]:
    for row in rows:
        try:
            yield name_of(row), row
        except MALFORMED:
            continue


def _bounded(value: Any, parse: Callable[[Any], Decimal]) -> Decimal:
    if isinstance(value, bool):
        raise ValueError(f"no number: {value!r}")
    number = parse(value)
    if number > AMOUNT_MAX:
        raise ValueError(f"absurd: {number}")
    return number
