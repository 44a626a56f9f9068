"""What the move of the rate between two currencies makes of a pair that is held.

A pair is hedged in the coin and not in the currencies: opened, it has taken one in and given the other out,
each worth its notional. It converts nothing, so while it is held it owes one and is owed the other, and their
rate's move is earned or lost whatever the premium does. That part is exact: the flow of the other currency
times the rate's move since then. What is left is what the premium earned.
"""

from collections.abc import Iterable
from decimal import Decimal

from arb.domain.market.money import ZERO, bps
from arb.domain.market.pair import Pair
from arb.domain.trading.order import Order, Purpose
from arb.domain.trading.position import leg_position
from arb.domain.trading.trade import Trade


def other_currency(orders: Iterable[Order], pair: Pair) -> Decimal:
    """Return how much of what is not the currency of accounts came in when a pair was opened.

    What an exit has brought back was so at about the present rate: its parts come within seconds of each
    other. So all that opened the pair counts, and what closed parts of it does not.
    """
    opened = [order for order in orders if order.purpose is not Purpose.EXIT]
    venues = [venue for venue in pair.venues if venue.quote != pair.currency]
    return sum((leg_position(opened, venue).quote for venue in venues), ZERO)


def converted_bps(trade: Trade, taken_in: Decimal, krw_per_usdt: Decimal) -> Decimal:
    """Return what the rate's move since the entry has made of a pair: 0 where that rate is not known."""
    if not trade.entry_krw_per_usdt:
        return ZERO
    return bps(taken_in * (krw_per_usdt - trade.entry_krw_per_usdt), trade.notional_krw)
