"""What a client asks for, in Upbit's words and in the shared core's.

Units: prices and totals in the quote currency (KRW), volumes in the base, times in Unix
nanoseconds. The core keeps Upbit's words with the order (`wire`), so nothing is lost on the way.
"""

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from arb.sim.core.orders import OrderRequest, OrderSide, SelfTrade, TimeInForce

ZERO: Final = Decimal(0)
BID: Final = "bid"
ASK: Final = "ask"
QUOTE: Final = "KRW"
SIDES: Final = MappingProxyType({BID: OrderSide.BUY, ASK: OrderSide.SELL})
SELF_TRADES: Final = MappingProxyType(
    {
        "cancel_maker": SelfTrade.CANCEL_MAKER,
        "cancel_taker": SelfTrade.CANCEL_TAKER,
        "reduce": SelfTrade.REDUCE,
        "none": SelfTrade.ALLOW,
    }
)
TIMES: Final = MappingProxyType(
    {
        None: TimeInForce.GTC,
        "ioc": TimeInForce.IOC,
        "fok": TimeInForce.FOK,
        "post_only": TimeInForce.POST_ONLY,
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
    def coin(self) -> str:
        """The coin that is traded."""
        return coin_of(self.market)

    @property
    def spends_total(self) -> bool:
        """Whether `price` is a KRW total to spend."""
        return self.side == BID and self.ord_type in ("price", "best")

    @property
    def funds(self) -> Decimal:
        """KRW a bid may spend, without fees."""
        price = self.price or ZERO
        return price if self.spends_total else price * (self.volume or ZERO)

    def request(self, received_ns: int, best_opposite: Decimal) -> OrderRequest:
        """Return the order in the core's words; a best order is a limit at `best_opposite`."""
        at_once = self.ord_type != "limit" and self.time_in_force is None
        limits = {"limit": self.price, "best": best_opposite}
        return OrderRequest(
            coin=self.coin,
            side=SIDES[self.side],
            client_id=self.identifier or "",
            time_in_force=TimeInForce.IOC if at_once else TIMES[self.time_in_force],
            received_ns=received_ns,
            price=limits.get(self.ord_type),
            quantity=self.volume,
            quote_quantity=self.price if self.spends_total else None,
            self_trade=SELF_TRADES[self.smp_type],
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


def market_code(coin: str) -> str:
    """Return Upbit's name of the KRW market of a coin."""
    return f"{QUOTE}-{coin}"


def coin_of(market: str) -> str:
    """Return the coin of a market: `BTC` of `KRW-BTC`."""
    return market.partition("-")[2]


def form_of(request: OrderRequest) -> OrderForm:
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
