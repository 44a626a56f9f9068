"""What cannot be known yet is asked about: quickly at first, then at the pace of the sweeps, however long."""

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.health.backoff import RESOLVE_BACKOFF
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.trading.fills import CatchUp
from arb.engine.trading.settle import LOOKS_MAX
from tests.engine.testbed import SESSION, EngineTestbed

RESOLVE, SETTLE, PLACE = "arb.resolve_order", "arb.settle_trade", "arb.place_order"
STEP_MS = 100
SWEEP_S = 2


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def run_due(testbed: EngineTestbed) -> list[str]:
    """Run what is due, and what that sends; return the tasks."""
    ran = []
    while True:
        due = [i for i, (at_ns, _, _) in enumerate(testbed.pending) if at_ns <= testbed.clock.now_ns()]
        if not due:
            return ran
        ran.append(testbed.pending[due[0]][1])
        testbed.run_one(due[0])


def live(testbed: EngineTestbed, seconds: int, *, sweeps: bool = True, quotes: bool = True) -> list[str]:
    """Let time pass with its messages and sweeps; return the tasks that ran."""
    ran = []
    for step in range(seconds * 1_000 // STEP_MS):
        if quotes:
            testbed.premium(60)
        if sweeps and step % (SWEEP_S * 1_000 // STEP_MS) == 0:
            testbed.sweep.run()
            testbed.collect()
        ran += run_due(testbed)
        testbed.pass_time(STEP_MS)
    return ran


def on(testbed: EngineTestbed, venue: Venue) -> Order:
    (order,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is venue]
    return order


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def open_with(testbed: EngineTestbed, venue: Venue, trouble: Trouble, *, mute: bool = True) -> Order:
    """Open a pair of which one leg meets trouble, at a venue that then says nothing."""
    testbed.venues[venue].troubles.append(trouble)
    testbed.venues[venue].mute = mute
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    run_due(testbed)
    return on(testbed, venue)


STUCK = [
    (Venue.BINANCE, Trouble.DROPPED, OrderState.UNKNOWN),
    (Venue.UPBIT, Trouble.DROPPED, OrderState.UNKNOWN),
    (Venue.UPBIT, Trouble.WAIT, OrderState.ACCEPTED),
]


@pytest.mark.parametrize(("venue", "trouble", "state"), STUCK)
def test_an_order_nobody_tells_of_costs_no_more_than_its_sweeps_however_long(testbed, venue, trouble, state):
    assert open_with(testbed, venue, trouble).state is state
    live(testbed, 20)
    for _ in range(5):
        ran = live(testbed, 60)
        assert ran.count(RESOLVE) == 60 / SWEEP_S
        assert len(testbed.pending) <= 1
    assert on(testbed, venue).state is state


def test_without_a_sweep_an_order_is_asked_about_a_few_times_within_seconds(testbed):
    open_with(testbed, Venue.BINANCE, Trouble.DROPPED)
    ran = live(testbed, 8, sweeps=False)
    assert ran.count(RESOLVE) == RESOLVE_BACKOFF.attempts_max
    assert not testbed.pending


def test_streams_that_come_back_again_and_again_ask_once_each(testbed):
    order = open_with(testbed, Venue.BINANCE, Trouble.DROPPED)
    live(testbed, 8, sweeps=False)
    catch_up = CatchUp(
        session_id=SESSION, trades=testbed.trades, dispatcher=testbed.dispatcher, counters=testbed.counters,
    )  # fmt: skip
    for _ in range(5):
        assert catch_up.run(order.venue) == 1
    testbed.collect()
    assert run_due(testbed) == [RESOLVE] * 5
    assert not testbed.pending


@pytest.mark.parametrize("args", [(), (0,), (3,), (1_000,)])
def test_a_message_from_before_an_upgrade_is_read_and_ends(testbed, args):
    order = open_with(testbed, Venue.BINANCE, Trouble.DROPPED)
    testbed.pending = [(0, RESOLVE, (order.client_order_id, *args))]
    live(testbed, 8, sweeps=False)
    assert not testbed.pending
    testbed.venues[Venue.BINANCE].mute = False
    testbed.pending = [(0, RESOLVE, (order.client_order_id, *args))]
    testbed.pass_time(6_000)
    run_due(testbed)
    assert testbed.tables.orders[order.client_order_id].order.state is OrderState.EXPIRED


def test_an_upbit_order_is_sent_again_as_soon_as_that_is_allowed(testbed):
    open_with(testbed, Venue.UPBIT, Trouble.DROPPED, mute=False)
    live(testbed, 2, sweeps=False)
    assert on(testbed, Venue.UPBIT).state is OrderState.FILLED


def test_a_binance_order_is_proven_absent_within_a_sweep_of_when_it_can_be(testbed):
    order = open_with(testbed, Venue.BINANCE, Trouble.DROPPED, mute=False)
    live(testbed, 20)
    row = testbed.tables.orders[order.client_order_id]
    assert row.order.state is OrderState.EXPIRED
    assert row.changed_at_ns - order.claimed_at_ns <= (12 + SWEEP_S) * NS_PER_S


def test_the_end_of_an_outage_is_followed_at_once_and_by_a_hedged_trade(testbed):
    open_with(testbed, Venue.UPBIT, Trouble.WAIT)
    live(testbed, 120)
    testbed.venues[Venue.UPBIT].mute = False
    live(testbed, SWEEP_S)
    assert on(testbed, Venue.UPBIT).state is OrderState.FILLED
    assert only_trade(testbed).state is TradeState.OPEN


def test_messages_about_an_order_that_is_over_ask_for_nothing(testbed):
    order = open_with(testbed, Venue.UPBIT, Trouble.WAIT, mute=False)
    assert order.state is OrderState.FILLED
    testbed.collect()
    testbed.pending.clear()
    for _ in range(3):
        testbed.execute.place(order.client_order_id)
        testbed.execute.resolve(order.client_order_id)
    assert testbed.dispatcher.take() == []


def test_an_intent_whose_lifetime_ended_has_its_trade_settled(testbed):
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.pass_time(3_001)
    assert run_due(testbed) == [PLACE, PLACE, SETTLE]
    assert only_trade(testbed).state is TradeState.ABORTED


def closing_without_a_rate(testbed: EngineTestbed) -> None:
    """Leave a trade that is even and over, and whose worth nobody can tell."""
    testbed.premium(60)
    testbed.evaluate_now()
    run_due(testbed)
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    testbed.pass_time(2_500)  # its quotes are too old before its orders are over
    for venue in testbed.venues.values():
        venue.silent = True
    while (
        found := next((i for i, each in enumerate(testbed.pending) if each[1] == PLACE), None)
    ) is not None:
        testbed.run_one(found)
    testbed.pass_time(6_000)


def test_an_even_trade_without_a_rate_costs_no_more_than_its_sweeps_however_long(testbed):
    closing_without_a_rate(testbed)
    live(testbed, 20, quotes=False)
    for _ in range(5):
        assert live(testbed, 60, quotes=False).count(SETTLE) == 60 / SWEEP_S
        assert len(testbed.pending) <= 1
    assert only_trade(testbed).state is TradeState.CLOSING
    live(testbed, SWEEP_S)
    assert only_trade(testbed).state is TradeState.CLOSED


def test_without_a_sweep_a_trade_is_looked_at_for_some_seconds(testbed):
    closing_without_a_rate(testbed)
    assert live(testbed, 8, sweeps=False, quotes=False).count(SETTLE) == LOOKS_MAX + 1
    assert not testbed.pending


def test_a_leg_that_waits_for_a_market_is_repaired_within_a_moment_of_its_return(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    testbed.premium(60)
    testbed.evaluate_now()
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.pass_time(2_500)  # within the orders' lifetime, and the books are stale
    run_due(testbed)
    assert only_trade(testbed).state is TradeState.REPAIRING
    live(testbed, 2, sweeps=False, quotes=False)
    live(testbed, 1, sweeps=False)
    assert only_trade(testbed).state is TradeState.OPEN
