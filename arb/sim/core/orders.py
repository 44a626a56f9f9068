"""Orders as the simulated exchanges keep them, in terms both venues share."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

ZERO: Final = Decimal(0)


class OrderSide(StrEnum):
    """Which way the account trades the base asset."""

    BUY = "BUY"
    SELL = "SELL"


class TimeInForce(StrEnum):
    """What happens to what does not fill at once."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    POST_ONLY = "POST_ONLY"


class SelfTrade(StrEnum):
    """What gives way when two orders of the account would trade with each other."""

    CANCEL_MAKER = "cancel_maker"
    CANCEL_TAKER = "cancel_taker"
    CANCEL_BOTH = "cancel_both"
    REDUCE = "reduce"  # both, by the smaller of the two
    ALLOW = "allow"  # neither: they trade


class Status(StrEnum):
    """Where an order is in its life."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


OPEN_STATUSES: Final = frozenset({Status.NEW, Status.PARTIALLY_FILLED})


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for. Quantity in base, or for a market order alternatively in quote."""

    coin: str
    side: OrderSide
    client_id: str
    time_in_force: TimeInForce
    received_ns: int
    price: Decimal | None = None  # limit; None takes any price
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    self_trade: SelfTrade = SelfTrade.CANCEL_MAKER
    wire: dict[str, str] = {}  # the venue's own words for it, kept for its replies


@dataclass(slots=True, kw_only=True)
class SimulatedOrder:
    """An order the venue accepted, and what became of it."""

    number: int
    order_id: str
    request: OrderRequest
    hold_asset: str
    held: Decimal
    created_ns: int
    updated_ns: int
    status: Status = Status.NEW
    executed: Decimal = ZERO  # base
    executed_quote: Decimal = ZERO
    prevented: Decimal = ZERO  # base taken off so as not to trade with an order of the same account
    prevented_ids: list[int] = field(default_factory=list)  # numbers of the trades that did not happen
    fees: dict[str, Decimal] = field(default_factory=dict)  # by asset
    reason: str = ""  # why it ended, if not by filling
    fill_ids: list[str] = field(default_factory=list)

    @property
    def spent(self) -> Decimal:
        """Return the base that is not to trade any more."""
        return self.executed + self.prevented

    @property
    def remaining(self) -> Decimal:
        """Return the base still to trade; 0 of an order for a total of quote."""
        return max((self.request.quantity or ZERO) - self.spent, ZERO)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES
