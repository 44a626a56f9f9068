"""Bithumb's lists of orders as values, whoever placed the orders. Run the parser with `reply.read`."""

from typing import Any, Final

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.venues.bithumb.replies import order_row
from arb.venues.krw.names import symbol_of
from arb.venues.names import known_or_own_name

SIDES: Final = {"bid": Side.BUY, "ask": Side.SELL}


def page(body: Any) -> tuple[tuple[ListedOrder, ...], str]:
    """Return the orders of a page, and the key of the next one, "" where it is the last."""
    return tuple(_listed(row) for row in body["data"]), str(body.get("next_key") or "")


def _listed(body: Any) -> ListedOrder:
    row = order_row(body)
    return ListedOrder(
        venue=Venue.BITHUMB,
        symbol=known_or_own_name(symbol_of, str(body["market"])),
        client_order_id=row.client_order_id,
        venue_order_id=row.venue_order_id,
        side=SIDES[body["side"]],
        status=row.status,
        executed=row.executed,
    )
