"""Trading rules for a replay: what the venues publish for every market, and steps assumed by a coin's price.

A venue that has one table of price units has it here, too. Where each market has a tick and a lot of its own,
nobody kept what they were: a tick is taken as a hundredth of a thousandth of the price, at most a cent, and
a lot as what is worth about a unit of the quote currency, which is how the venue sets them.
"""

from collections.abc import Mapping
from decimal import Decimal
from math import floor, log10
from typing import Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import ZERO
from arb.domain.market.pair import Pair
from arb.engine.market.markets import symbol_on
from arb.venues.registry import FACTS

TICK_MAX: Final = Decimal("0.01")
TICK_DIGITS: Final = 5
LEAST: Final = Decimal("0.00000001")
QUANTITY_MAX: Final = Decimal(10) ** 12


class FixedRules(dict[tuple[Venue, Symbol], Instrument]):
    """Market rules that hold for the whole replay."""

    def expire(self, venue: Venue, at_ns: int) -> None:
        """Do nothing: a replay has one set of rules."""

    def bar(self, venue: Venue, symbol: Symbol, reason: str) -> None:
        """Keep them: no venue of a replay bars a market."""


def rules_of(pair: Pair, coin: Coin, price_usdt: float, fees_bps: Mapping[Venue, Decimal]) -> FixedRules:
    """Return the rules of a coin that costs about so much."""
    return FixedRules(
        {
            (venue, symbol_on(venue, coin)): _rule(venue, coin, price_usdt, fees_bps[venue])
            for venue in pair.venues
        }
    )


def _rule(venue: Venue, coin: Coin, price_usdt: float, fee_bps: Decimal) -> Instrument:
    facts, symbol = FACTS[venue], symbol_on(venue, coin)
    lot = facts.lot_step or _power(-floor(log10(price_usdt)) - 1)
    tick = min(TICK_MAX, _power(floor(log10(price_usdt)) + 1 - TICK_DIGITS))
    return Instrument(
        venue=venue,
        symbol=symbol,
        venue_symbol=facts.venue_symbol(symbol),
        base=coin,
        quote=venue.quote,
        price_bands=facts.price_bands or ((ZERO, tick),),
        lot_step=lot,
        quantity_min=lot,
        quantity_max=QUANTITY_MAX,
        notional_min=facts.notional_min,
        taker_fee_bps=fee_bps,
        fee_in=facts.fee_in,
    )


def _power(exponent: int) -> Decimal:
    return max(LEAST, Decimal(1).scaleb(exponent))
