"""Upbit's lists of orders as values, whoever placed the orders. Run the parser with `reply.read`."""

from typing import Any, Final

from arb.domain.market.ids import ClientOrderId, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.venues.krw.names import symbol_of
from arb.venues.names import known_or_own_name
from arb.venues.reply import amount, stamp_ns
from arb.venues.upbit.replies import STATES

SIDES: Final = {"bid": Side.BUY, "ask": Side.SELL}


def listed(body: Any) -> tuple[ListedOrder, ...]:
    """Return the orders of an orders/open or orders/closed reply."""
    return tuple(
        ListedOrder(
            venue=Venue.UPBIT,
            symbol=known_or_own_name(symbol_of, str(row["market"])),
            client_order_id=ClientOrderId(str(row.get("identifier") or "")),
            venue_order_id=VenueOrderId(str(row["uuid"])),
            side=SIDES[row["side"]],
            status=STATES[row["state"]],
            executed=amount(row["executed_volume"]),
        )
        for row in body
    )


def created_ms(row: Any) -> int:
    """Return the second in which an order of an orders/closed reply was created."""
    return stamp_ns(row["created_at"]) // NS_PER_MS
