"""An order in Upbit's words, over the shared core's order.

Units: prices and funds in the quote currency (KRW), volumes in the base, times in Unix nanoseconds.
A bid locks price * volume plus the fee on it; an ask locks its volume; the fee is always KRW
(exchange_protocols.md 2.5). States: wait -> done | cancel (2.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from arb.sim.core import orders as core

ZERO: Final = Decimal(0)
WAIT: Final = "wait"
DONE: Final = "done"
CANCEL: Final = "cancel"
BID: Final = "bid"
ASK: Final = "ask"
QUOTE: Final = "KRW"
SIDES: Final = MappingProxyType({BID: core.Side.BUY, ASK: core.Side.SELL})
TIMES: Final = MappingProxyType(
    {
        None: core.TimeInForce.GTC,
        "ioc": core.TimeInForce.IOC,
        "fok": core.TimeInForce.FOK,
        "post_only": core.TimeInForce.POST_ONLY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
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
    def funds(self) -> Decimal:
        """KRW a bid may spend, without fees."""
        price = self.price or ZERO
        return price if self.spends_total else price * (self.volume or ZERO)

    def request(self, received_ns: int, best_opposite: Decimal) -> core.OrderRequest:
        """Return the order in the core's words; a best order is a limit at `best_opposite`."""
        at_once = self.ord_type != "limit" and self.time_in_force is None
        limits = {"limit": self.price, "best": best_opposite}
        return core.OrderRequest(
            coin=self.market.removeprefix(f"{QUOTE}-"),
            side=SIDES[self.side],
            client_id=self.identifier or "",
            time_in_force=core.TimeInForce.IOC if at_once else TIMES[self.time_in_force],
            received_ns=received_ns,
            price=limits.get(self.ord_type),
            quantity=self.volume,
            quote_quantity=self.price if self.spends_total else None,
            wire=self._wire(),
        )

    def _wire(self) -> dict[str, str]:
        sent = {
            "market": self.market,
            "side": self.side,
            "ord_type": self.ord_type,
            "price": None if self.price is None else format(self.price, "f"),
            "time_in_force": self.time_in_force,
            "identifier": self.identifier,
            "smp_type": self.smp_type,
        }
        return {name: text for name, text in sent.items() if text is not None}


def form_of(request: core.OrderRequest) -> OrderForm:
    """Return the form a core request was made from."""
    wire = request.wire
    return OrderForm(
        market=wire["market"],
        side=wire["side"],
        ord_type=wire["ord_type"],
        price=Decimal(wire["price"]) if "price" in wire else None,
        volume=request.quantity,
        time_in_force=wire.get("time_in_force"),
        identifier=wire.get("identifier"),
        smp_type=wire["smp_type"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
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
    trades: Sequence[Trade] = ()

    @property
    def executed_volume(self) -> Decimal:
        """Base traded so far."""
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
        """Base still to trade; None for an order that spends a total."""
        return None if self.form.volume is None else self.form.volume - self.executed_volume

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


def state_of(order: core.Order) -> str:
    """Return Upbit's word for where an order is.

    A bid that spends a total ends in `cancel` when part of the total comes back, and it nearly
    always does.
    """
    if order.is_open:
        return WAIT
    total = order.request.quote_quantity
    spent = total is None or order.executed_quote == total
    return DONE if order.status is core.Status.FILLED and spent else CANCEL
