"""What a trade can lose, set aside in the day's budget before its first leg goes out."""

from decimal import Decimal

from arb.domain.ids import Venue
from arb.domain.money import ZERO, fraction
from arb.domain.spread import Market


def loss_reserve_krw(notional_krw: Decimal, market: Market, loss_bps: Decimal) -> Decimal:
    """Return the worst loss of a pair: `loss_bps` (stop-loss and repair ceiling), and all of its fees.

    Four taker fees for a pair that opens and closes, and one more, the dearer, for a repair.
    """
    fees_bps = [market.instrument(venue).taker_fee_bps for venue in Venue]
    worst_bps = max(ZERO, loss_bps) + 2 * sum(fees_bps, ZERO) + max(fees_bps)
    return abs(notional_krw) * fraction(worst_bps)
