"""What Upbit answers, as values: orders and fills. Source: docs/protocols/upbit.md.

Parsers take the decoded JSON; run them with `reply.read`, which names what is malformed. An order that
ended as `cancel` may have been filled, wholly or in part: what counts are its trades.
"""

from decimal import Decimal
from typing import Any

from arb.domain.market.ids import ClientOrderId, FillId, VenueOrderId
from arb.domain.trading.order import OrderReport, OrderState
from arb.venues.krw.replies import STATES, KrwOrder
from arb.venues.paid_fee import fees_so_far, final_fees
from arb.venues.reply import amount


def placed(body: Any) -> OrderReport:
    """Return the report in a reply to an order: accepted, whatever the book already did with it."""
    row = order_row(body)
    return OrderReport(
        client_order_id=row.client_order_id, venue_order_id=row.venue_order_id, status=OrderState.ACCEPTED
    )


def order_row(body: Any) -> KrwOrder:
    """Return one order."""
    return KrwOrder(
        client_order_id=ClientOrderId(str(body.get("identifier") or "")),
        venue_order_id=VenueOrderId(str(body["uuid"])),
        status=STATES[body["state"]],
        executed=amount(body["executed_volume"]),
    )


def order_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return an order with its trades once all of them are listed; `taker_fee` is for one that names no fee.

    An order that names no fee, or less than the rate, may name more in a moment: its fees are assumed until
    it is old.
    """
    return order_row(body).with_trades(body["trades"], fees_so_far(body, taker_fee), execution_id)


def settled_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return the same of an order so old that what it says of its fee is the last word."""
    return order_row(body).with_trades(body["trades"], final_fees(body, taker_fee), execution_id)


def execution_id(text: str) -> FillId:
    """Return the one name of an execution, whichever of Upbit's ways of telling of it spelt it how."""
    return FillId(text.strip().lower())
