"""What is still sent, and what is denied, while the kill switch is pulled."""

from dataclasses import replace

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.domain.markets import OTHER, PAIR
from tests.engine.testbed import EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def open_pair(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def orders(testbed: EngineTestbed):
    return {row.order.venue: row.order for row in testbed.tables.orders.values()}


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def test_entries_that_were_not_sent_are_denied_and_their_trade_is_aborted(testbed):
    open_pair(testbed)
    testbed.switch.engage("test", 0)
    while testbed.pending:
        testbed.run_one()
    assert {order.state for order in orders(testbed).values()} == {OrderState.DENIED}
    assert {order.reason for order in orders(testbed).values()} == {"killed: test"}
    assert only_trade(testbed).state is TradeState.ABORTED
    assert not any(testbed.orders_at(venue) for venue in PAIR.venues)


@pytest.mark.parametrize("first", [0, 1])
def test_the_second_leg_goes_where_the_first_went(testbed, first):
    open_pair(testbed)
    testbed.run_one(first)
    testbed.switch.engage("test", 0)
    while testbed.pending:
        testbed.run_one()
    assert [sum(testbed.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]
    assert only_trade(testbed).state is TradeState.OPEN


def test_the_second_leg_is_denied_where_the_first_was_refused(testbed):
    open_pair(testbed)
    first = testbed.pending[0][2][0]
    venue = testbed.tables.orders[first].order.venue
    testbed.venues[venue].troubles.append(Trouble.REJECTED)
    testbed.run_one()
    testbed.switch.engage("test", 0)
    while testbed.pending:
        testbed.run_one()
    assert orders(testbed)[OTHER[venue]].state is OrderState.DENIED
    assert only_trade(testbed).state is TradeState.ABORTED


def test_switch_pulled_between_claim_and_wire_takes_the_claim_back(testbed):
    open_pair(testbed)
    claimed = testbed.trades.claim(testbed.pending[0][2][0], testbed.clock.now_ns())
    testbed.switch.engage("test", 0)
    assert testbed.execute.gate.takes_back(claimed)
    assert {order.state for order in orders(testbed).values()} == {OrderState.DENIED}


def test_repairs_go_on_while_killed(testbed):
    open_pair(testbed)
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    testbed.run_one()
    testbed.run_one()
    testbed.switch.engage("test", 0)
    testbed.quiesce()
    purposes = [row.order.purpose for row in testbed.tables.orders.values()]
    assert Purpose.REPAIR in purposes
    assert Purpose.EXIT not in purposes
    assert only_trade(testbed).state in (TradeState.OPEN, TradeState.CLOSED)
    assert not testbed.drifts()


@pytest.mark.parametrize("first", list(PAIR.venues))
def test_the_second_leg_waits_for_what_became_of_the_first(testbed, first):
    """It arrived, and only its answer is missing: the pair is hedged as soon as that is known."""
    open_pair(testbed)
    sent = orders(testbed)[first]
    claimed = testbed.trades.claim(sent.client_order_id, testbed.clock.now_ns())
    report = testbed.venues[first].place(claimed)
    testbed.switch.engage("test", 0)
    second = orders(testbed)[OTHER[first]].client_order_id
    assert testbed.execute.place(second).state is OrderState.INTENT
    testbed.trades.record(report, testbed.clock.now_ns())
    assert testbed.execute.place(second).state is OrderState.FILLED
    assert trade_position(testbed.trades.view(only_trade(testbed).trade_id).orders).imbalance == 0


def intent(testbed: EngineTestbed, venue: Venue):
    open_pair(testbed)
    return orders(testbed)[venue]


def test_nothing_is_denied_while_the_switch_is_off(testbed):
    order = intent(testbed, Venue.UPBIT)
    assert not testbed.execute.gate.denies(order.client_order_id)
    assert orders(testbed)[Venue.UPBIT].state is OrderState.INTENT


def test_a_claim_is_not_taken_back_while_the_switch_is_off(testbed):
    order = intent(testbed, Venue.UPBIT)
    claimed = testbed.trades.claim(order.client_order_id, testbed.clock.now_ns())
    assert not testbed.execute.gate.takes_back(claimed)


def test_an_order_that_does_not_exist_is_not_denied(testbed):
    testbed.switch.engage("test", 0)
    assert not testbed.execute.gate.denies("nobody")


def test_a_denial_denies_the_other_leg_with_it(testbed):
    order = intent(testbed, Venue.UPBIT)
    testbed.switch.engage("test", 0)
    assert testbed.execute.gate.denies(order.client_order_id)
    assert {each.state for each in orders(testbed).values()} == {OrderState.DENIED}
    assert testbed.counters.counts["orders_denied", "killed"] == 1


def test_a_second_leg_whose_first_stays_unknown_is_denied_once_its_lifetime_is_over(testbed):
    first = intent(testbed, Venue.UPBIT)
    claimed = testbed.trades.claim(first.client_order_id, testbed.clock.now_ns())
    testbed.trades.lose(claimed.client_order_id, claimed.fence, "no answer", testbed.clock.now_ns())
    testbed.switch.engage("test", 0)
    second = orders(testbed)[Venue.BINANCE]
    assert testbed.execute.gate.denies(second.client_order_id)
    assert orders(testbed)[Venue.BINANCE].state is OrderState.INTENT
    testbed.pass_time(3_000)
    assert testbed.execute.gate.denies(second.client_order_id)
    assert orders(testbed)[Venue.BINANCE].state is OrderState.DENIED


def test_an_exit_is_not_held_up_by_an_entry_of_the_same_trade(testbed):
    """Its own other leg decides: the entries were filled long ago, and neither exit was sent."""
    open_pair(testbed)
    while testbed.pending:
        testbed.run_one()
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    exits = [row.order for row in testbed.tables.orders.values() if row.order.purpose is Purpose.EXIT]
    testbed.switch.engage("test", 0)
    assert testbed.execute.gate.denies(exits[0].client_order_id)
    states = {testbed.trades.order(each.client_order_id).state for each in exits}
    assert states == {OrderState.DENIED}


@pytest.mark.parametrize(
    ("purpose", "is_killed", "waited_ms", "may_trade"),
    [
        (Purpose.ENTRY, False, 2_999, True),
        (Purpose.ENTRY, False, 3_000, False),
        (Purpose.ENTRY, True, 0, False),
        (Purpose.EXIT, True, 0, False),
        (Purpose.REPAIR, True, 2_999, True),
        (Purpose.REPAIR, True, 3_000, False),
    ],
)
def test_what_is_sent_again_as_a_proof_may_trade(testbed, purpose, is_killed, waited_ms, may_trade):
    order = replace(intent(testbed, Venue.UPBIT), purpose=purpose)
    if is_killed:
        testbed.switch.engage("test", 0)
    testbed.pass_time(waited_ms)
    assert testbed.execute.gate.may_trade(order) is may_trade


def test_an_exit_is_not_held_up_by_an_earlier_exit_of_the_same_trade(testbed):
    """A thin book is left step by step: the first step was executed, the second one was not sent."""
    open_pair(testbed)
    while testbed.pending:
        testbed.run_one()
    testbed.premium(0, depth="0.002")
    assert testbed.evaluate_now() == 1
    while testbed.pending:
        testbed.run_one()
    testbed.pass_time(100)
    testbed.premium(0, depth="0.002")
    assert testbed.evaluate_now() == 1
    unsent = [row.order for row in testbed.tables.orders.values() if row.order.state is OrderState.INTENT]
    testbed.switch.engage("test", 0)
    assert testbed.execute.gate.denies(unsent[0].client_order_id)
    assert {testbed.trades.order(each.client_order_id).state for each in unsent} == {OrderState.DENIED}
