"""What the engine must know about a venue: names, ids, lots, and how it charges fees.

Binance takes the commission out of the asset received. Upbit charges KRW on both sides: on top of
a bid, off the proceeds of an ask. Rates are fractions of the traded value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple, Protocol

from arb.domain.market.ids import Venue
from arb.sim.core.orders import OrderSide

BPS: Final = Decimal(10_000)
COMMISSION_UNIT: Final = Decimal("0.00000001")


class Fee(NamedTuple):
    """The fee of one fill: asset and amount."""

    asset: str
    amount: Decimal


class FeeStrategy(Protocol):
    """The part of a venue that knows about fees."""

    rate: Decimal

    def charge(self, side: OrderSide, base: str, quote: str, price: Decimal, quantity: Decimal) -> Fee: ...

    def on_top(self, side: OrderSide, quote_amount: Decimal) -> Decimal: ...


class ReceivedAssetFee:
    """Binance: base when buying, quote when selling, cut to 8 decimals."""

    def __init__(self, fee_bps: Decimal) -> None:
        self.rate = fee_bps / BPS

    def charge(self, side: OrderSide, base: str, quote: str, price: Decimal, quantity: Decimal) -> Fee:
        """Return the fee of one fill."""
        asset, received = (base, quantity) if side is OrderSide.BUY else (quote, price * quantity)
        return Fee(asset, (received * self.rate).quantize(COMMISSION_UNIT, ROUND_DOWN))

    def on_top(self, side: OrderSide, quote_amount: Decimal) -> Decimal:
        """Return what a buyer must lock beyond the price: nothing."""
        return Decimal(0)


class QuoteFee:
    """Upbit: always in the quote currency, exact."""

    def __init__(self, fee_bps: Decimal) -> None:
        self.rate = fee_bps / BPS

    def charge(self, side: OrderSide, base: str, quote: str, price: Decimal, quantity: Decimal) -> Fee:
        """Return the fee of one fill."""
        return Fee(quote, price * quantity * self.rate)

    def on_top(self, side: OrderSide, quote_amount: Decimal) -> Decimal:
        """Return what a buyer must lock beyond the price: the fee on all of it."""
        return quote_amount * self.rate if side is OrderSide.BUY else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """A venue's own words for the engine's things. Ids are functions of a number counting from 1."""

    venue: Venue
    quote: str
    fees: FeeStrategy
    lot: Callable[[str], Decimal]  # coin -> smallest quantity, base
    symbol: Callable[[str], str]  # coin -> the venue's name of the instrument
    order_id: Callable[[int], str]
    fill_id: Callable[[int], str]
    cancels_post_only: bool = False  # accepts a post-only order that would take, and cancels it at once
