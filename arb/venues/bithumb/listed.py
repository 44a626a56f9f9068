"""Bithumb's lists of orders as values, whoever placed the orders. Run the parser with `reply.read`."""

from typing import Any

from arb.domain.market.ids import Venue
from arb.domain.trading.external import ListedOrder
from arb.venues.bithumb.replies import order_row


def page(body: Any) -> tuple[tuple[ListedOrder, ...], str]:
    """Return the orders of a page, and the key of the next one, "" where it is the last."""
    rows = tuple(order_row(row).listed(Venue.BITHUMB, row) for row in body["data"])
    return rows, str(body.get("next_key") or "")
