"""Reading a reply: exact numbers, and one error for everything that is malformed.

Upbit sends JSON numbers, exponents included; Binance sends decimal strings. Both become `Decimal`.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from arb.domain.errors import DataError
from arb.domain.market.money import ZERO
from arb.domain.trading.order import Fill, OrderState
from arb.venues.request import HttpResponse

Parsed = TypeVar("Parsed")


def parse_json(body: bytes) -> Any:
    """Return the JSON value with exact numbers. Raises: ValueError."""
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)


def read(response: HttpResponse, parser: Callable[[Any], Parsed]) -> Parsed:
    """Return what `parser` makes of the reply. Raises: DataError if it is not what was expected."""
    try:
        return parser(parse_json(response.body))
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise DataError("reply_malformed", f"{type(error).__name__}: {error}"[:200]) from None


def amount(value: str | int | Decimal) -> Decimal:
    """Return a finite decimal. Raises: ArithmeticError or ValueError."""
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


def positive(value: str | int | Decimal) -> Decimal:
    """Return a finite decimal above zero. Raises: ArithmeticError or ValueError."""
    number = amount(value)
    if number <= ZERO:
        raise ValueError(f"not above zero: {value!r}")
    return number


def proven_status(status: OrderState, executed: Decimal, fills: tuple[Fill, ...]) -> OrderState:
    """Return `status`, unless the fills do not add up to what was executed.

    Lists of fills lag behind the order at both venues. An order reported over while fills are missing
    would never be asked about again and its fills would be lost; so it counts as working until then.
    """
    if sum((fill.quantity for fill in fills), ZERO) >= executed:
        return status
    return OrderState.PARTIALLY_FILLED if fills else OrderState.ACCEPTED


def stamp_ns(text: str) -> int:
    """Return an ISO 8601 stamp with its offset as nanoseconds, exact to the microsecond."""
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        raise ValueError(f"no offset: {text!r}")
    return int(stamp.replace(microsecond=0).timestamp()) * 1_000_000_000 + stamp.microsecond * 1_000


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"not a number: {text}")
