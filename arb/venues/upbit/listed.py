"""Upbit's lists of orders as values, whoever placed the orders. Run the parser with `reply.read`."""

from typing import Any

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.venues.reply import stamp_ns
from arb.venues.upbit.replies import order_row


def listed(body: Any) -> tuple[ListedOrder, ...]:
    """Return the orders of an orders/open or orders/closed reply."""
    return tuple(order_row(row).listed(Venue.UPBIT, row) for row in body)


def created_ms(row: Any) -> int:
    """Return the second in which an order of an orders/closed reply was created."""
    return stamp_ns(row["created_at"]) // NS_PER_MS
