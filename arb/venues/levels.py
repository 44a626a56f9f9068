"""One side of a book, checked: positive, finite, best first. And how much is asked for over REST."""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Final

from arb.domain.errors import DataError
from arb.domain.market.book import Level
from arb.domain.market.money import ZERO

REST_LEVELS: Final = 15
REST_WAIT_MS_MAX: Final = 500  # for room within the limits: a book that comes later is of little use
AMOUNT_MAX: Final = Decimal("1e18")  # also keeps Infinity out


def best_first(
    pairs: Iterable[tuple[Decimal, Decimal]], count_max: int, worse: Callable[[Decimal, Decimal], bool]
) -> tuple[Level, ...]:
    """Return the first levels of a side; `worse(price, before)` is `lt` for bids, `gt` for asks.

    Raises: DataError absurd or unsorted.
    """
    levels: list[Level] = []
    before = None
    try:
        for price, quantity in islice(pairs, count_max):
            if not (ZERO < price < AMOUNT_MAX and ZERO < quantity < AMOUNT_MAX):
                raise DataError("absurd", f"level {price} {quantity}")
            if before is not None and not worse(price, before):
                raise DataError("unsorted", f"level {price} after {before}")
            before = price
            levels.append(Level(price, quantity))
    except InvalidOperation as error:  # a NaN does not compare
        raise DataError("absurd", "not a number") from error
    return tuple(levels)
