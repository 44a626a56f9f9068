"""What Bithumb answers, as values: orders and fills. Source: docs/protocols/bithumb.md.

Parsers take the decoded JSON; run them with `reply.read`, which names what is malformed. `done` does not mean
that all of an order was executed: an IOC that was filled in part ends so, too. What counts are its trades.
"""

from decimal import Decimal
from typing import Any

from arb.domain.market.ids import ClientOrderId, FillId, VenueOrderId
from arb.domain.trading.order import OrderReport, OrderState
from arb.venues.krw.replies import DONE, STATES, KrwOrder
from arb.venues.paid_fee import fees_so_far, final_fees
from arb.venues.reply import amount


def placed(body: Any) -> OrderReport:
    """Return the report in a reply to an order: accepted, whatever the book already did with it."""
    return OrderReport(
        client_order_id=_client_order_id(body),
        venue_order_id=VenueOrderId(str(body["order_id"])),
        status=OrderState.ACCEPTED,
    )


def ended_as(state: str, ordered: Decimal | None, executed: Decimal) -> OrderState:
    """Return how an order stands: one that is done with less than what was ordered has lost its rest."""
    if state == DONE and ordered is not None and executed < ordered:
        return OrderState.CANCELED
    return STATES[state]


def order_row(body: Any) -> KrwOrder:
    """Return one order, of a lookup (`uuid`) or of a list (`order_id`)."""
    executed = amount(body["executed_volume"])
    ordered = None if body.get("volume") is None else amount(body["volume"])
    return KrwOrder(
        client_order_id=_client_order_id(body),
        venue_order_id=VenueOrderId(str(body["order_id"] if "order_id" in body else body["uuid"])),
        status=ended_as(body["state"], ordered, executed),
        executed=executed,
    )


def order_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return an order with its trades once all are listed; `taker_fee` is for one that names no fee."""
    return order_row(body).with_trades(body["trades"], fees_so_far(body, taker_fee), _execution_id)


def settled_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return the same of an order so old that what it says of its fee is the last word."""
    return order_row(body).with_trades(body["trades"], final_fees(body, taker_fee), _execution_id)


def _execution_id(text: str) -> FillId:
    return FillId(text.strip())


def _client_order_id(body: Any) -> ClientOrderId:
    return ClientOrderId(str(body.get("client_order_id") or ""))
