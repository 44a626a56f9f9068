"""An Upbit order and its fills, and the arithmetic of what it locks.

Units: prices and funds in the quote currency (KRW), volumes in the base, times in Unix nanoseconds.
A bid locks price * volume plus the fee on it; an ask locks its volume; the fee is always KRW
(exchange_protocols.md 2.5). States: wait -> done | cancel (2.7).
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)
WAIT: Final = "wait"
DONE: Final = "done"
CANCEL: Final = "cancel"
BID: Final = "bid"
ASK: Final = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a client asked for, checked for form but not for funds."""

    market: str
    side: str
    ord_type: str
    price: Decimal | None  # unit price, or the total in KRW of a price or best bid
    volume: Decimal | None  # base
    time_in_force: str | None
    identifier: str | None
    smp_type: str

    @property
    def spends_total(self) -> bool:
        """Whether `price` is a KRW total to spend."""
        return self.side == BID and self.ord_type in ("price", "best")

    @property
    def rests(self) -> bool:
        """Whether a remainder stays in the book."""
        return self.ord_type == "limit" and self.time_in_force in (None, "post_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One fill of an order."""

    uuid: str
    price: Decimal
    volume: Decimal
    fee: Decimal  # KRW
    trend: str  # up | down
    ts_ns: int
    maker: bool

    @property
    def funds(self) -> Decimal:
        """KRW exchanged, without the fee."""
        return self.price * self.volume


@dataclass(slots=True, kw_only=True)
class Order:
    """An order as the venue keeps it."""

    uuid: str
    request: OrderRequest
    fee_rate: Decimal  # fraction of the funds
    created_ns: int
    state: str = WAIT
    cancel_requested: bool = False
    prevented_volume: Decimal = ZERO
    prevented_locked: Decimal = ZERO
    trades: list[Trade] = field(default_factory=list)
    executed_volume: Decimal = ZERO
    executed_funds: Decimal = ZERO  # KRW
    paid_fee: Decimal = ZERO  # KRW
    updated_ns: int = 0

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state == WAIT

    @property
    def reserved_fee(self) -> Decimal:
        """KRW set aside for fees when the order was made."""
        request = self.request
        if request.side == ASK:
            return ZERO
        return (_total(request) if request.spends_total else _notional(request)) * self.fee_rate

    @property
    def remaining_volume(self) -> Decimal | None:
        """Base still to trade; None for an order that spends a total."""
        if self.request.volume is None:
            return None
        return self.request.volume - self.executed_volume - self.prevented_volume

    @property
    def remaining_funds(self) -> Decimal:
        """KRW a bid may still spend, without fees."""
        if self.request.spends_total:
            return _total(self.request) - self.executed_funds
        return (self.remaining_volume or ZERO) * (self.request.price or ZERO)

    @property
    def remaining_fee(self) -> Decimal:
        """KRW still set aside for fees."""
        if self.request.side == ASK or not self.is_open:
            return ZERO
        return self.remaining_funds * self.fee_rate

    @property
    def locked(self) -> Decimal:
        """What is held for it: KRW of a bid, base of an ask."""
        if not self.is_open:
            return ZERO
        if self.request.side == ASK:
            return self.remaining_volume or ZERO
        return self.remaining_funds + self.remaining_fee

    @property
    def average_price(self) -> Decimal:
        """KRW per base over all fills; zero before the first."""
        return self.executed_funds / self.executed_volume if self.executed_volume else ZERO

    def book(self, trade: Trade) -> None:
        """Add one fill."""
        self.trades.append(trade)
        self.executed_volume += trade.volume
        self.executed_funds += trade.funds
        self.paid_fee += trade.fee


def _total(request: OrderRequest) -> Decimal:
    return request.price or ZERO


def _notional(request: OrderRequest) -> Decimal:
    return (request.price or ZERO) * (request.volume or ZERO)
