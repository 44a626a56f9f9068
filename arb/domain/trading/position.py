"""What a trade holds and what it has earned, computed from its fills alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Pair
from arb.domain.trading.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPosition:
    """The sum of one venue's fills in one trade. Signs: what came in is positive."""

    base: Decimal = ZERO  # before fees taken in base
    base_fee: Decimal = ZERO  # fees taken in base, positive
    quote: Decimal = ZERO  # net of fees taken in quote
    quote_fee: Decimal = ZERO  # positive
    third_fee: Decimal = ZERO  # fees taken in a third asset, at what they were worth in quote, positive

    @property
    def base_net(self) -> Decimal:
        """Return the base that the venue's balance changed by."""
        return self.base - self.base_fee


NO_POSITION: Final = LegPosition()


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePosition:
    """The legs of a trade, of each venue that it has orders on."""

    legs: Mapping[Venue, LegPosition]

    def leg(self, venue: Venue) -> LegPosition:
        """Return one venue's leg."""
        return self.legs.get(venue, NO_POSITION)

    @property
    def imbalance(self) -> Decimal:
        """Return the base that one leg has more than the other: 0 is hedged, > 0 is long."""
        return sum((leg.base for leg in self.legs.values()), ZERO)

    @property
    def hedged(self) -> Decimal:
        """Return the base that both legs hold against each other."""
        held = [leg.base for leg in self.legs.values()]
        long = sum((base for base in held if base > ZERO), ZERO)
        return min(long, long - sum(held, ZERO))

    def pnl_krw(self, pair: Pair, krw_per_usdt: Decimal, base_price_krw: Decimal) -> Decimal:
        """Return all that came in and went out, valued in KRW at the given prices."""
        base = sum((leg.base_net for leg in self.legs.values()), ZERO)
        quotes = {venue: leg.quote - leg.third_fee for venue, leg in self.legs.items()}
        quote = sum((pair.krw(venue, amount, krw_per_usdt) for venue, amount in quotes.items()), ZERO)
        return quote + base * base_price_krw


def leg_position(orders: Iterable[Order], venue: Venue) -> LegPosition:
    """Return the sum of the orders' fills on `venue`.

    Fees in a third asset (BNB) touch neither base nor quote, and cost what they were worth then.
    """
    base = base_fee = quote = quote_fee = third_fee = ZERO
    for order in orders:
        if order.venue is not venue:
            continue
        coin, _, currency = order.symbol.partition("/")
        for fill in order.fills:
            base += order.side.sign * fill.quantity
            quote -= order.side.sign * fill.quantity * fill.price
            if fill.fee_asset == coin:
                base_fee += fill.fee
            elif fill.fee_asset == currency:
                quote_fee += fill.fee
        third_fee += sum((fill.fee_in_quote or ZERO for fill in order.third_fees), ZERO)
    return LegPosition(
        base=base, base_fee=base_fee, quote=quote - quote_fee, quote_fee=quote_fee, third_fee=third_fee
    )


def trade_position(orders: Iterable[Order]) -> TradePosition:
    """Return the legs of a trade from all of its orders."""
    listed = tuple(orders)
    venues = {order.venue for order in listed}
    return TradePosition(legs={venue: leg_position(listed, venue) for venue in venues})


def is_dust(quantity: Decimal, price: Decimal, instrument: Instrument) -> bool:
    """Tell whether `quantity` is too small to send: it is booked, not chased."""
    return not instrument.accepts(instrument.round_quantity(abs(quantity)), price)
