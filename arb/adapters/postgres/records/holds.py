"""Holds: what an order can cost at most is set aside until it is known what it did cost."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from arb.domain.market.ids import ClientOrderId, Coin, Venue
from arb.domain.trading.order import Order
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg


class HoldState(StrEnum):
    """Where a hold is; the ledger says what a posted one really cost."""

    RESERVED = "reserved"
    POSTED = "posted"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An amount of one asset at one venue that an order may still need."""

    client_order_id: ClientOrderId
    venue: Venue
    asset: str
    amount: Decimal
    state: HoldState = HoldState.RESERVED


def hold_for(order: Order) -> Hold:
    """Return the hold of a new intent."""
    leg = Leg(
        venue=order.venue,
        side=order.side,
        purpose=order.purpose,
        quantity=order.quantity,
        limit_price=order.limit_price,
    )
    asset, amount = hold_of(leg, Coin(order.symbol.partition("/")[0]))
    return Hold(client_order_id=order.client_order_id, venue=order.venue, asset=asset, amount=amount)


def hold_state(order: Order) -> HoldState:
    """Return where the order's hold belongs."""
    if not order.is_terminal:
        return HoldState.RESERVED
    return HoldState.POSTED if order.fills else HoldState.VOIDED
