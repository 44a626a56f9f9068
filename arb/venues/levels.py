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
SHOWN_MAX: Final = 120
AMOUNT_MAX: Final = Decimal("1e18")  # also keeps Infinity out


def best_first(
    side: Iterable[Level], count_max: int, worse: Callable[[Decimal, Decimal], bool]
) -> tuple[Level, ...]:
    """Return the first levels of a side; `worse(price, before)` is `lt` for bids, `gt` for asks.

    Raises: DataError absurd or unsorted.
    """
    levels = tuple(islice(side, count_max))
    if len(levels) > 1:
        prices, quantities = zip(*levels, strict=True)
        try:  # whole sides at once: this is done for every book
            ends = Level(prices[-1], min(quantities)), Level(prices[-1], max(quantities))
            is_sorted = all(map(worse, prices[1:], prices))
        except InvalidOperation as error:  # a NaN does not compare
            raise DataError("absurd", "not a number") from error
        require_believable(levels[0], *ends)
        if not is_sorted:
            raise DataError("unsorted", f"prices {', '.join(map(str, prices))}"[:SHOWN_MAX])
    elif levels:
        require_believable(*levels)
    return levels


def require_believable(*levels: Level) -> None:
    """Make sure that prices and quantities are ones that a market may have. Raises: DataError absurd."""
    try:
        for level in levels:
            if not (ZERO < level.price < AMOUNT_MAX and ZERO < level.quantity < AMOUNT_MAX):
                raise DataError("absurd", f"level {level.price} {level.quantity}")
    except InvalidOperation as error:  # a NaN does not compare
        raise DataError("absurd", "not a number") from error
