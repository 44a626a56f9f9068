"""An exit that a venue will not do: the pair stays hedged, little is lost, and it closes in the end."""

from decimal import Decimal

import pytest

from arb.domain.errors import Rejected
from arb.domain.ledger.ledger import adjustment_entry
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed

REFUSED_MS = 120_000


@pytest.fixture
def testbed() -> EngineTestbed:
    """With one open pair that is worth closing."""
    found = EngineTestbed()
    found.premium(-60)
    assert found.evaluate_now() == 1
    while found.pending:
        found.run_one()
    assert trade(found).state is TradeState.OPEN
    return found


def trade(testbed):
    (found,) = testbed.tables.trades.values()
    return found


def exits(testbed):
    return [row.order for row in testbed.tables.orders.values() if row.order.purpose is Purpose.EXIT]


def imbalance(testbed):
    return trade_position(testbed.trades.view(trade(testbed).trade_id).orders).imbalance


def worth_krw(testbed):
    upbit, binance = testbed.venues[Venue.UPBIT].held, testbed.venues[Venue.BINANCE].held
    return (upbit["BTC"] + binance["BTC"]) * 140_000_000 + upbit["KRW"] + binance["USDT"] * 1_400


def go_on(testbed, for_ms):
    """Trade at even prices, in steps of 100 ms."""
    for _ in range(for_ms // 100):
        testbed.premium(0)
        testbed.evaluate_now()
        testbed.sweep.run()
        testbed.collect()
        for _ in range(len(testbed.pending)):
            if testbed.pending[0][0] <= testbed.clock.now_ns():
                testbed.run_one()
            else:
                testbed.pending.append(testbed.pending.pop(0))
        testbed.pass_time(100)


def refuse_exits(testbed, venue):
    """Have a venue refuse whatever would close a pair; return how to end that."""
    client = testbed.venues[venue]
    place = client.place

    def refuse(order):
        if order.purpose is not Purpose.ENTRY:
            raise Rejected(venue, "not allowed now", "-2010")
        return place(order)

    client.place = refuse
    testbed._wire_engine()

    def end():
        client.place = place
        testbed._wire_engine()

    return end


def pay(testbed, venue, asset, amount):
    """Have the venue hold that much of it, and the ledger know."""
    now_ns, held = testbed.clock.now_ns(), testbed.venues[venue].held
    entry = adjustment_entry(SESSION, venue, asset, held[asset], amount, now_ns)
    testbed.trades.book_entry(SESSION, entry, now_ns)
    held[asset] = amount


def test_an_exit_that_nobody_pays_for_is_not_begun_until_the_money_is_there(testbed):
    before = testbed.venues[Venue.BINANCE].held["USDT"]
    pay(testbed, Venue.BINANCE, "USDT", Decimal(1))
    worth = worth_krw(testbed)
    go_on(testbed, 10_000)
    assert exits(testbed) == []
    assert (trade(testbed).state, imbalance(testbed), worth_krw(testbed)) == (TradeState.OPEN, 0, worth)
    assert [(alert.kind, alert.subject) for _, alert in testbed.tables.alerts] == [
        ("exit_unpaid", "binance USDT")
    ]
    pay(testbed, Venue.BINANCE, "USDT", before)
    go_on(testbed, 5_000)
    assert trade(testbed).state is TradeState.CLOSED
    assert not testbed.drifts()


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_refuses_exits_costs_little_and_leaves_no_leg_alone(testbed, venue):
    before, reserve = worth_krw(testbed), trade(testbed).loss_reserve_krw
    end = refuse_exits(testbed, venue)
    go_on(testbed, REFUSED_MS)
    assert (trade(testbed).state, imbalance(testbed)) == (TradeState.OPEN, 0)
    assert 2 * 2 <= len(exits(testbed)) <= 2 * 8
    assert before - worth_krw(testbed) < reserve / 5
    whole, again, probe = (order.quantity for order in exits(testbed)[:6:2])
    assert whole == again > 50 * probe
    assert [alert.kind for _, alert in testbed.tables.alerts] == ["exit_refused"]
    end()
    go_on(testbed, 2 * REFUSED_MS)
    assert trade(testbed).state is TradeState.CLOSED
    assert not testbed.drifts()


def test_exits_that_no_leg_executed_cost_nothing_and_do_not_slow_the_next(testbed):
    ends = [refuse_exits(testbed, venue) for venue in PAIR.venues]
    go_on(testbed, 5_000)
    for end in ends:
        end()
    go_on(testbed, 1_000)
    assert trade(testbed).state is TradeState.CLOSED
