"""What the move of the rate between two currencies makes of a pair that is held.

A pair is hedged in the coin and not in the currencies: opened, it has taken one in and given the other out,
each worth its notional. It converts nothing, so while it is held it owes one and is owed the other, and their
rate's move is earned or lost whatever the premium does. That part is exact: the flow of the other currency
times the rate's move since then. What is left is what the premium earned.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from arb.domain.market.money import ZERO, bps
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Rate
from arb.domain.trading.order import Order, Purpose
from arb.domain.trading.position import leg_position
from arb.domain.trading.trade import Trade

RATE_SETTLED_BPS: Final = Decimal(
    15
)  # two steps of one KRW at 1,400, a calm rate's moves in the time it settles


def other_currency(orders: Iterable[Order], pair: Pair) -> Decimal:
    """Return how much of what is not the currency of accounts came in when a pair was opened.

    What an exit has brought back was so at about the present rate: its parts come within seconds of each
    other. So all that opened the pair counts, and what closed parts of it does not.
    """
    opened = [order for order in orders if order.purpose is not Purpose.EXIT]
    venues = [venue for venue in pair.venues if venue.quote != pair.currency]
    return sum((leg_position(opened, venue).quote for venue in venues), ZERO)


def kept_rate(rate: Rate) -> Decimal:
    """Return the rate that a pair is opened at, 0 where it cannot be told: while it jumps.

    A pair opened in a jump that does not last would keep a rate that nobody traded at, and what the way back
    from it is worth would be told from what the premium earned. Without one the pair is judged by all of it.
    """
    low, high = rate.middles
    return rate.krw_per_usdt if bps(high - low, low) <= RATE_SETTLED_BPS else ZERO


def converted_bps(trade: Trade, taken_in: Decimal, krw_per_usdt: Decimal) -> Decimal:
    """Return what the rate's move since the entry has made of a pair: 0 where that rate is not known."""
    if not trade.entry_krw_per_usdt:
        return ZERO
    return bps(taken_in * (krw_per_usdt - trade.entry_krw_per_usdt), trade.notional_krw)
