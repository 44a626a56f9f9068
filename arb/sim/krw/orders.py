"""An order in Upbit's words, over the shared core's order.

Units: prices and funds in the quote currency (KRW), volumes in the base, times in Unix nanoseconds.
A bid locks price * volume plus the fee on it; an ask locks its volume; the fee is always KRW
(docs/protocols/upbit.md, orders). States: wait -> done | cancel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.sim.core import orders as core
from arb.sim.krw.forms import ASK, BID, ZERO, OrderForm

WAIT: Final = "wait"
DONE: Final = "done"
CANCEL: Final = "cancel"
PREVENTED: Final = "prevented"  # of the stream only: a self-match was kept from happening


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTrade:
    """One fill of an order."""

    uuid: str
    price: Decimal
    volume: Decimal
    fee: Decimal  # KRW
    ts_ns: int
    maker: bool

    @property
    def funds(self) -> Decimal:
        """KRW exchanged, without the fee."""
        return self.price * self.volume


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as the venue shows it at one moment."""

    uuid: str
    form: OrderForm
    state: str
    created_ns: int
    fee_rate: Decimal  # fraction of the funds
    locked: Decimal  # KRW of a bid, base of an ask
    trades: Sequence[OrderTrade] = ()
    prevented_volume: Decimal = ZERO  # base that did not trade so as not to meet our own order

    @property
    def prevented_locked(self) -> Decimal:
        """What was set free by that: KRW of a bid, base of an ask."""
        price = self.form.price or ZERO
        return self.prevented_volume * (price if self.form.side == BID else 1)

    @property
    def executed_volume(self) -> Decimal:
        """Return the base quantity that was traded so far."""
        return sum((trade.volume for trade in self.trades), ZERO)

    @property
    def executed_funds(self) -> Decimal:
        """KRW traded so far, without fees."""
        return sum((trade.funds for trade in self.trades), ZERO)

    @property
    def paid_fee(self) -> Decimal:
        """KRW of fees so far."""
        return sum((trade.fee for trade in self.trades), ZERO)

    @property
    def remaining_volume(self) -> Decimal | None:
        """Base still to trade, or that never traded; None for an order that spends a total."""
        if self.form.volume is None:
            return None
        untraded = self.form.volume - self.executed_volume
        return untraded - self.prevented_volume if self.state == WAIT else untraded

    @property
    def reserved_fee(self) -> Decimal:
        """KRW set aside for fees when the order was made."""
        return self.form.funds * self.fee_rate if self.form.side == BID else ZERO

    @property
    def remaining_fee(self) -> Decimal:
        """KRW still set aside for fees: a part of what is locked."""
        if self.form.side == ASK:
            return ZERO
        return self.locked * self.fee_rate / (1 + self.fee_rate)

    @property
    def average_price(self) -> Decimal:
        """KRW per base over all fills; zero before the first."""
        volume = self.executed_volume
        return self.executed_funds / volume if volume else ZERO


def state_of(order: core.SimulatedOrder) -> str:
    """Return Upbit's word for where an order is.

    A bid that spends a total ends in `cancel` when part of the total comes back, and it nearly
    always does.
    """
    if order.is_open:
        return WAIT
    total = order.request.quote_quantity
    spent = total is None or order.executed_quote == total
    return DONE if order.status is core.Status.FILLED and spent else CANCEL
