"""A book that a venue gave when it was asked is no newer than it says itself."""

from dataclasses import replace

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Purpose
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, EngineTestbed

KEY = (Venue.BINANCE, Symbol("BTC/USDT"))
TWO_HOURS_NS = 7_200 * NS_PER_S


def answering(testbed, venue, stamp_ns=0, number=1):
    """Have a venue give a book with this stamp and number."""

    def book(symbol):
        found = testbed.shown.get([(venue, symbol)])[venue, symbol]
        return replace(found, ts_recv_ns=testbed.clock.now_ns(), ts_event_ns=stamp_ns, sequence=number)

    testbed.venues[venue].book = book


def asked(testbed):
    return {why: count for (name, why), count in testbed.counters.counts.items() if name == "books_asked"}


def venues_of(testbed):
    found = testbed.settle.markets.tradable(BTC)
    return set(found.venues) if found else set()


@pytest.mark.parametrize(
    ("age_ns", "believed"),
    [
        (0, True),
        (5 * NS_PER_S, True),
        (5 * NS_PER_S + 1, False),
        (TWO_HOURS_NS, False),
        (-TWO_HOURS_NS, False),
    ],
)
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_an_answer_is_judged_by_its_own_stamp(venue, age_ns, believed):
    testbed = EngineTestbed()
    testbed.pass_time(10_000)
    answering(testbed, venue, stamp_ns=testbed.clock.now_ns() - age_ns)
    assert (venue in venues_of(testbed)) == believed
    assert (f"{venue}_old" in asked(testbed)) != believed


def test_a_number_below_one_that_was_fed_is_an_older_book():
    testbed = EngineTestbed()
    testbed.quotes.put(
        [replace(testbed.book(*KEY, "99999.50", "100000.50", "5"), ts_event_ns=0, sequence=900)], []
    )
    testbed.pass_time(10_000)
    answering(testbed, Venue.BINANCE, number=899)
    assert Venue.BINANCE not in venues_of(testbed)
    assert asked(testbed)["binance_old"] == 1
    answering(testbed, Venue.BINANCE, number=901)
    assert Venue.BINANCE in venues_of(testbed)


def test_a_number_below_one_that_was_told_is_an_older_book():
    testbed = EngineTestbed()
    testbed.pass_time(10_000)
    answering(testbed, Venue.BINANCE, number=900)
    assert Venue.BINANCE in venues_of(testbed)
    testbed.pass_time(3_000)
    answering(testbed, Venue.BINANCE, number=899)
    assert Venue.BINANCE not in venues_of(testbed)


def test_a_number_that_stands_still_for_long_is_no_market_until_it_moves():
    testbed = EngineTestbed()
    testbed.pass_time(10_000)
    answering(testbed, Venue.BINANCE, number=900)
    for _ in range(10):
        assert Venue.BINANCE in venues_of(testbed)
        testbed.pass_time(3_000)
    testbed.pass_time(1_000)
    assert Venue.BINANCE not in venues_of(testbed)
    assert asked(testbed)["binance_still"] == 1
    answering(testbed, Venue.BINANCE, number=901)
    assert Venue.BINANCE in venues_of(testbed)


def test_an_answer_that_took_long_is_as_old_as_its_question():
    testbed = EngineTestbed()
    testbed.pass_time(10_000)

    def slow(symbol):
        found = testbed.shown.get([(Venue.BINANCE, symbol)])[Venue.BINANCE, symbol]
        testbed.clock.advance_ms(2_001)
        return replace(found, ts_recv_ns=testbed.clock.now_ns(), ts_event_ns=0, sequence=5)

    testbed.venues[Venue.BINANCE].book = slow
    assert Venue.BINANCE not in venues_of(testbed)


def test_a_leg_that_stands_alone_is_evened_out_where_the_book_is_believed():
    testbed = EngineTestbed()
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    testbed.quotes.away = True
    answering(testbed, Venue.UPBIT, stamp_ns=testbed.clock.now_ns() - TWO_HOURS_NS)
    while testbed.pending:
        testbed.run_one()
    orders = [row.order for row in testbed.tables.orders.values()]
    repairs = [order for order in orders if order.purpose is Purpose.REPAIR]
    assert [order.venue for order in repairs] == [Venue.BINANCE]
    assert sum(order.side.sign * order.filled_quantity for order in orders) == 0
