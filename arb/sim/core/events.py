"""The events that are the truth of a simulated exchange. State is what follows from them."""

from decimal import Decimal

import msgspec

from arb.sim.core.orders import OrderRequest, OrderSide, Status


class Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every event body shares: a `kind` on the wire."""


class BalancesOpened(Body, tag="balances_opened", frozen=True, kw_only=True):
    """The account's starting balances, by asset."""

    balances: dict[str, Decimal]


class OrderReceived(Body, tag="order_received", frozen=True, kw_only=True):
    """A request to place an order arrived; nothing is decided yet."""

    client_id: str
    endpoint: str


class OrderAccepted(Body, tag="order_accepted", frozen=True, kw_only=True):
    """An order exists from here on, and `held` of `hold_asset` is locked for it."""

    number: int
    order_id: str
    client_id: str
    symbol: str
    request: OrderRequest
    hold_asset: str
    held: Decimal


class OrderRejected(Body, tag="order_rejected", frozen=True, kw_only=True):
    """A request to place an order was rejected; no order exists for it."""

    client_id: str
    reason: str


class OrderFilled(Body, tag="order_filled", frozen=True, kw_only=True):
    """One execution. `held_after` is what stays locked for the order's remainder."""

    number: int
    fill_id: str
    order_id: str
    client_id: str
    coin: str
    symbol: str
    side: OrderSide
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    held_after: Decimal
    status: Status  # of the order, after this fill


class OrderClosed(Body, tag="order_closed", frozen=True, kw_only=True):
    """An open order ended without (further) filling; its hold is released."""

    order_id: str
    client_id: str
    status: Status
    reason: str


class Prevented(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the two orders of a prevented trade lost by it."""

    order_id: str
    client_id: str
    quantity: Decimal  # base; 0 for the order that goes on as it was
    held_after: Decimal
    status: Status


class TradePrevented(Body, tag="trade_prevented", frozen=True, kw_only=True):
    """Two orders of the account met and did not trade, since the taker said so."""

    number: int  # counting from 1
    coin: str
    price: Decimal
    taker: Prevented
    maker: Prevented


class OrderAmended(Body, tag="order_amended", frozen=True, kw_only=True):
    """An open order asks for less from here on, and keeps its place among the others."""

    order_id: str
    former_client_id: str
    client_id: str  # as it is called from here on
    former_quantity: Decimal  # base, what was executed included
    quantity: Decimal
    held_after: Decimal


class MovedOutside(Body, tag="moved_outside", frozen=True, kw_only=True):
    """Money came (or went, below 0) without an order: a deposit, a withdrawal, somebody's hand."""

    asset: str
    change: Decimal


class FaultStruck(Body, tag="fault_struck", frozen=True, kw_only=True):
    """A planned fault hit a request."""

    fault: str
    endpoint: str
    client_id: str


Event = (
    BalancesOpened
    | MovedOutside
    | OrderReceived
    | OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderClosed
    | TradePrevented
    | OrderAmended
    | FaultStruck
)
