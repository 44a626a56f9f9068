"""Lists that a venue cuts into pages: read on until a page is not full.

Binance counts on by the id of an order or a trade. Upbit has no such mark: the next page begins with the
second in which the last order of this one was created, and orders that come again are passed over.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from arb.adapters.venues.venue_client import Gateway
from arb.domain.errors import Retryable
from arb.domain.market.ids import Symbol, Venue
from arb.domain.trading.external import ListedOrder
from arb.venues.krw.auth import Pass
from arb.venues.upbit import orders as upbit
from arb.venues.upbit.listed import created_ms, listed

PAGE_ROWS: Final = 1_000
PAGES_MAX: Final = 50  # 50,000 orders of one market in a day, or in a week at Upbit: then somebody must look
Row = TypeVar("Row")


def by_id(page_from: Callable[[int | None], tuple[Row, ...]], id_of: Callable[[Row], str]) -> Iterator[Row]:
    """Yield the rows of every page, oldest first; `page_from` asks for the first one with None.

    Raises: Retryable for too many, and for a page that is not what was asked for.
    """
    page, first = page_from(None), 0
    for _ in range(PAGES_MAX):
        yield from page
        if len(page) < PAGE_ROWS:
            return
        if int(id_of(page[-1])) < first:
            raise Retryable(Venue.BINANCE, "a list that goes in circles")
        first = int(id_of(page[-1])) + 1
        page = page_from(first)
    raise Retryable(Venue.BINANCE, f"more than {PAGES_MAX * PAGE_ROWS} rows in one list")


def upbit_closed_orders(
    gateway: Gateway, symbol: Symbol, start_ms: int, end_ms: int, access: Callable[[], Pass]
) -> Iterator[ListedOrder]:
    """Yield the ended orders of a market created in a window, oldest first.

    Raises: Retryable for too many.
    """
    seen: set[str] = set()
    for _ in range(PAGES_MAX):
        request = upbit.closed_orders(symbol, start_ms, end_ms, access())
        rows, newest_ms = gateway.ask(request, _with_newest)
        fresh = [row for row in rows if row.venue_order_id not in seen]
        yield from fresh
        if len(rows) < PAGE_ROWS:
            return
        if not fresh:
            raise Retryable(Venue.UPBIT, f"more than {PAGE_ROWS} orders of {symbol} in one second")
        seen |= {row.venue_order_id for row in fresh}
        start_ms = max(start_ms, newest_ms)
    raise Retryable(Venue.UPBIT, f"more than {PAGES_MAX * PAGE_ROWS} orders of {symbol}")


def _with_newest(body: Any) -> tuple[tuple[ListedOrder, ...], int]:
    return listed(body), max(map(created_ms, body), default=0)
