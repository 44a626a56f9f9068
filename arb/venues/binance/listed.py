"""Binance's lists of orders as values, whoever placed the orders. Run the parser with `reply.read`."""

from typing import Any, Final

from arb.domain.market.ids import ClientOrderId, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.venues.binance.names import symbol_of
from arb.venues.binance.replies import STATUSES
from arb.venues.names import known_or_own_name
from arb.venues.reply import amount

SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}


def listed(body: Any) -> tuple[ListedOrder, ...]:
    """Return the orders of an openOrders or allOrders reply."""
    return tuple(
        ListedOrder(
            venue=Venue.BINANCE,
            symbol=known_or_own_name(symbol_of, str(row["symbol"])),
            client_order_id=ClientOrderId(str(row["clientOrderId"])),
            venue_order_id=VenueOrderId(str(row["orderId"])),
            side=SIDES[row["side"]],
            status=STATUSES[row["status"]],
            executed=amount(row["executedQty"]),
        )
        for row in body
    )
