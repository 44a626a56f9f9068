"""A venue that is gone leaves the other one its market, and what is escalated is not forgotten.

Once a leg on the healthy venue was not reversed there, because a repair asked for the books of both venues.
Escalated, it stood alone for good and counted for no ceiling, so that the engine went on to make more like
it.
"""

from dataclasses import replace
from decimal import Decimal
from itertools import cycle

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Rejected
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderReport, Purpose
from arb.domain.trading.trade import TradeState
from tests.domain.markets import OTHER, PAIR
from tests.engine.testbed import SESSION, EngineTestbed
from tests.known_losses.helpers import (
    BTC_KRW,
    DEFAULT_LIMITS,
    TunedTestbed,
    go_on,
    imbalance,
    naked,
    reduce_only,
    require,
    tell,
    trades,
    upbit_books,
    work,
)

PAIRS_MAX = 2  # so many, and their notional, are all that may be open
NOTIONAL_KRW_MAX = Decimal(3_000_000)


# a leg on the venue that is still there


def quote_only(testbed: EngineTestbed, healthy: Venue) -> None:
    """Show the healthy venue's own books, as its feed does while the other one is gone."""
    if healthy is Venue.BINANCE:
        tell(testbed, testbed.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "5"))
        return
    tell(
        testbed,
        testbed.book(Venue.UPBIT, "BTC/KRW", *upbit_books(60), "5"),
        testbed.book(Venue.UPBIT, "USDT/KRW", "1399", "1401", "100000"),
    )


@pytest.mark.parametrize("gone", list(PAIR.venues))
def test_a_leg_on_the_healthy_venue_is_reversed_there_while_the_other_one_is_gone(gone: Venue):
    testbed = EngineTestbed()
    testbed.venues[gone].troubles.extend([Trouble.REFUSED] * 400)
    testbed.premium(60)
    require(testbed.evaluate_now() == 1, "a pair is being opened")
    reduce_only(testbed)
    testbed.venues[gone].silent = True
    go_on(testbed, for_ms=75_000, step_ms=250, quoting=lambda: quote_only(testbed, OTHER[gone]))
    (trade,) = trades(testbed)
    assert imbalance(testbed, trade) == 0


# legs that nobody takes


def refuse_the_way_out(testbed: EngineTestbed) -> None:
    """Have Upbit take every second entry only, and neither venue a repair."""
    upbit, binance = testbed.venues[Venue.UPBIT], testbed.venues[Venue.BINANCE]
    upbit_place, binance_place = upbit.place, binance.place
    takes = cycle([True, False])

    def at_upbit(order: Order) -> OrderReport:
        if order.purpose is Purpose.REPAIR or not next(takes):
            raise Rejected(Venue.UPBIT, "market suspended", "suspended")
        return upbit_place(order)

    def at_binance(order: Order) -> OrderReport:
        if order.purpose is Purpose.REPAIR:
            raise Rejected(Venue.BINANCE, "this account may not do that now", "-2010")
        return binance_place(order)

    upbit.place, binance.place = at_upbit, at_binance


def escalated_legs(**limits: object) -> EngineTestbed:
    """Trade for six minutes in which every second pair loses a leg that nobody repairs."""
    testbed = TunedTestbed(limits=replace(DEFAULT_LIMITS, **limits))
    testbed.settle = replace(testbed.settle, rules=replace(testbed.settle.rules, time_ns_max=5 * NS_PER_S))
    refuse_the_way_out(testbed)
    for _ in range(360):
        testbed.premium(60)
        work(testbed)
        testbed.premium(0)
        work(testbed)
        testbed.pass_time(1_000)
    require(naked(testbed), "a leg stands alone")
    return testbed


def test_legs_that_stand_alone_are_never_worth_more_than_the_ceiling_of_notional():
    testbed = escalated_legs(notional_per_coin_krw_max=NOTIONAL_KRW_MAX)
    naked_krw = sum(abs(imbalance(testbed, trade)) for trade in naked(testbed)) * BTC_KRW
    assert naked_krw <= NOTIONAL_KRW_MAX


def test_legs_that_stand_alone_are_never_more_than_the_ceiling_of_open_trades():
    testbed = escalated_legs(trades_open_max=PAIRS_MAX)
    alone = len(naked(testbed))
    assert alone <= PAIRS_MAX


def test_a_leg_that_was_escalated_reduces_the_mode():
    testbed = escalated_legs()
    require(any(trade.state is TradeState.ESCALATED for trade in trades(testbed)), "a leg was escalated")
    mode = testbed.sessions.get(SESSION).mode
    assert mode is not Mode.NORMAL
