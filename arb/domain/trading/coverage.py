"""How much of a pair the balances close, and what is left of it because a venue kept it.

A venue that takes its fee in the coin leaves less of it than was bought. Without spare coin there only what
is there can be sold: the pair is closed up to what the venue kept, which was its fee and is no position.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from arb.domain.market.ids import Coin, Venue
from arb.domain.market.money import ZERO, floor_to
from arb.domain.trading.position import TradePosition
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg


def covered(
    position: TradePosition,
    others: Iterable[TradePosition],
    legs: Sequence[Leg],
    coin: Coin,
    free: Mapping[tuple[Venue, str], Decimal],
    step: Decimal,
) -> Decimal:
    """Return how much of an exit can be paid for: no trade sells the coin that another one has bought."""
    bought, sold = sorted(legs, key=lambda leg: leg.side)
    own = max(ZERO, position.leg(sold.venue).base_net)
    theirs = sum((max(ZERO, other.leg(sold.venue).base_net) for other in others), ZERO)
    there = free.get((sold.venue, coin), ZERO)
    of_coin = min(there, own + max(ZERO, there - own - theirs))
    asset, need = hold_of(bought, coin)
    of_money = bought.quantity * free.get((bought.venue, asset), ZERO) / need
    return floor_to(max(ZERO, min(sold.quantity, of_coin, of_money)), step)


def kept(position: TradePosition) -> Decimal:
    """Return how much of the coin that is still held venues kept as a fee: it is not there."""
    return sum((leg.base_fee for leg in position.legs.values() if leg.base > ZERO), ZERO)


def imbalance_there(position: TradePosition) -> Decimal:
    """Return the imbalance without what venues kept of what is long: nobody can send that."""
    imbalance = position.imbalance
    return max(ZERO, imbalance - kept(position)) if imbalance > ZERO else imbalance
