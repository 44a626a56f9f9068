"""What a venue lets us trade, and its rounding rules.

The rules come from the venues' own lists; where a venue publishes bands of price units, from those.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.money import ZERO, ceil_to, floor_to, fraction


class Side(StrEnum):
    """The side of our order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """Return the side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """Return +1 if the order brings base in, -1 if it takes it out."""
        return 1 if self is Side.BUY else -1


class FeeIn(StrEnum):
    """The asset a venue takes its fee in."""

    RECEIVED = "received"  # base of a buy, quote of a sell
    QUOTE = "quote"  # on top of a bid, off an ask's proceeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One market of one venue. Prices are quote per base, quantities are base."""

    venue: Venue
    symbol: Symbol
    venue_symbol: str  # "BTCUSDT", "KRW-BTC"
    base: Coin
    quote: str
    price_bands: tuple[tuple[Decimal, Decimal], ...]  # (lower bound, tick), highest bound first
    lot_step: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal  # quote
    taker_fee_bps: Decimal
    fee_in: FeeIn
    tradable: bool = True
    warning: str = ""  # the venue's own market warning, if any
    closing_only: str = ""  # why nothing new is opened here, if that is so

    def __post_init__(self) -> None:
        if not self.price_bands or self.lot_step <= ZERO or self.taker_fee_bps < ZERO:
            raise ValueError(f"instrument {self.venue} {self.symbol}: empty price bands, lot or fee")

    def tick(self, price: Decimal) -> Decimal:
        """Return the price step at `price`; a price on a band's lower bound belongs to that band."""
        for lower, tick in self.price_bands:
            if price >= lower:
                return tick
        return self.price_bands[-1][1]

    def round_price(self, price: Decimal, side: Side) -> Decimal:
        """Return a valid price at least as aggressive as `price`: up for a buy, down for a sell.

        The band is looked up again after rounding, since rounding up can enter the next band.
        """
        round_to = ceil_to if side is Side.BUY else floor_to
        rounded = round_to(price, self.tick(price))
        return round_to(rounded, self.tick(rounded))

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Return the largest sendable quantity that is at most `quantity`."""
        return floor_to(min(quantity, self.quantity_max), self.lot_step)

    def accepts(self, quantity: Decimal, price: Decimal) -> bool:
        """Tell whether an order of `quantity` at `price` meets the venue's minimums."""
        return (
            quantity >= self.quantity_min
            and quantity <= self.quantity_max
            and quantity > ZERO
            and quantity * price >= self.notional_min
        )

    def fee(self, side: Side, quantity: Decimal, price: Decimal) -> tuple[str, Decimal]:
        """Return (asset, amount) of the taker fee of one fill, exact."""
        rate = fraction(self.taker_fee_bps)
        if self.fee_in is FeeIn.RECEIVED and side is Side.BUY:
            return self.base, quantity * rate
        return self.quote, quantity * price * rate
