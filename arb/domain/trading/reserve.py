"""What is set aside before a leg goes out: its cost at the venue, and its worst loss in the day's budget."""

from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO, fraction
from arb.domain.market.pair import Direction, is_converted
from arb.domain.market.spread import Market
from arb.domain.trading.trade import Leg

FEE_RESERVE: Final = Decimal("1.002")  # twice the dearest taker fee, so that a hold always covers its fee


def hold_of(leg: Leg, coin: Coin) -> tuple[str, Decimal]:
    """Return (asset, amount) that an order of this leg can cost at most."""
    if leg.side.sign < 0:
        return coin, leg.quantity
    return leg.venue.quote, leg.quantity * leg.limit_price * FEE_RESERVE


def rate_reserve_krw(notional_krw: Decimal, direction: Direction, rate_bps: Decimal) -> Decimal:
    """Return what the rate's move by `rate_bps` costs a pair that it goes against, until it is closed.

    Nothing, where both venues quote in one currency.
    """
    return abs(notional_krw) * fraction(rate_bps) if is_converted(direction) else ZERO


def loss_reserve_krw(notional_krw: Decimal, market: Market, loss_bps: Decimal) -> Decimal:
    """Return the worst loss of a pair: `loss_bps` (stop-loss and repair ceiling), and all of its fees.

    Four taker fees for a pair that opens and closes, and one more, the dearer, for a repair.
    """
    fees_bps = [market.instrument(venue).taker_fee_bps for venue in market.venues]
    worst_bps = max(ZERO, loss_bps) + 2 * sum(fees_bps, ZERO) + max(fees_bps)
    return abs(notional_krw) * fraction(worst_bps)
