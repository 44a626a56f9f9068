"""What is still sent, and what is denied, while the kill switch is pulled."""

from dataclasses import replace

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.domain.markets import OTHER, PAIR
from tests.engine.town import Town


@pytest.fixture
def town() -> Town:
    return Town()


def open_pair(town: Town) -> None:
    town.premium(60)
    assert town.evaluate_now() == 1


def orders(town: Town):
    return {row.order.venue: row.order for row in town.tables.orders.values()}


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def test_entries_that_were_not_sent_are_denied_and_their_trade_is_aborted(town):
    open_pair(town)
    town.switch.engage("test", 0)
    while town.pending:
        town.run_one()
    assert {order.state for order in orders(town).values()} == {OrderState.DENIED}
    assert {order.reason for order in orders(town).values()} == {"killed: test"}
    assert only_trade(town).state is TradeState.ABORTED
    assert not any(town.orders_at(venue) for venue in PAIR.venues)


@pytest.mark.parametrize("first", [0, 1])
def test_the_second_leg_goes_where_the_first_went(town, first):
    open_pair(town)
    town.run_one(first)
    town.switch.engage("test", 0)
    while town.pending:
        town.run_one()
    assert [sum(town.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]
    assert only_trade(town).state is TradeState.OPEN


def test_the_second_leg_is_denied_where_the_first_was_refused(town):
    open_pair(town)
    first = town.pending[0][2][0]
    venue = town.tables.orders[first].order.venue
    town.venues[venue].troubles.append(Trouble.REJECTED)
    town.run_one()
    town.switch.engage("test", 0)
    while town.pending:
        town.run_one()
    assert orders(town)[OTHER[venue]].state is OrderState.DENIED
    assert only_trade(town).state is TradeState.ABORTED


def test_switch_pulled_between_claim_and_wire_takes_the_claim_back(town):
    open_pair(town)
    claimed = town.trades.claim(town.pending[0][2][0], town.clock.now_ns())
    town.switch.engage("test", 0)
    assert town.execute.gate.takes_back(claimed)
    assert {order.state for order in orders(town).values()} == {OrderState.DENIED}


def test_repairs_go_on_while_killed(town):
    open_pair(town)
    town.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    town.run_one()
    town.run_one()
    town.switch.engage("test", 0)
    town.quiesce()
    purposes = [row.order.purpose for row in town.tables.orders.values()]
    assert Purpose.REPAIR in purposes
    assert Purpose.EXIT not in purposes
    assert only_trade(town).state in (TradeState.OPEN, TradeState.CLOSED)
    assert not town.drifts()


@pytest.mark.parametrize("first", list(PAIR.venues))
def test_the_second_leg_waits_for_what_became_of_the_first(town, first):
    """It arrived, and only its answer is missing: the pair is hedged as soon as that is known."""
    open_pair(town)
    sent = orders(town)[first]
    claimed = town.trades.claim(sent.client_order_id, town.clock.now_ns())
    report = town.venues[first].place(claimed)
    town.switch.engage("test", 0)
    second = orders(town)[OTHER[first]].client_order_id
    assert town.execute.place(second).state is OrderState.INTENT
    town.trades.record(report, town.clock.now_ns())
    assert town.execute.place(second).state is OrderState.FILLED
    assert trade_position(town.trades.view(only_trade(town).trade_id).orders).imbalance == 0


def intent(town: Town, venue: Venue):
    open_pair(town)
    return orders(town)[venue]


def test_nothing_is_denied_while_the_switch_is_off(town):
    order = intent(town, Venue.UPBIT)
    assert not town.execute.gate.denies(order.client_order_id)
    assert orders(town)[Venue.UPBIT].state is OrderState.INTENT


def test_a_claim_is_not_taken_back_while_the_switch_is_off(town):
    order = intent(town, Venue.UPBIT)
    claimed = town.trades.claim(order.client_order_id, town.clock.now_ns())
    assert not town.execute.gate.takes_back(claimed)


def test_an_order_that_does_not_exist_is_not_denied(town):
    town.switch.engage("test", 0)
    assert not town.execute.gate.denies("nobody")


def test_a_denial_denies_the_other_leg_with_it(town):
    order = intent(town, Venue.UPBIT)
    town.switch.engage("test", 0)
    assert town.execute.gate.denies(order.client_order_id)
    assert {each.state for each in orders(town).values()} == {OrderState.DENIED}
    assert town.counters.counts["orders_denied", "killed"] == 1


def test_a_second_leg_whose_first_stays_unknown_is_denied_once_its_lifetime_is_over(town):
    first = intent(town, Venue.UPBIT)
    claimed = town.trades.claim(first.client_order_id, town.clock.now_ns())
    town.trades.lose(claimed.client_order_id, claimed.fence, "no answer", town.clock.now_ns())
    town.switch.engage("test", 0)
    second = orders(town)[Venue.BINANCE]
    assert town.execute.gate.denies(second.client_order_id)
    assert orders(town)[Venue.BINANCE].state is OrderState.INTENT
    town.pass_time(3_000)
    assert town.execute.gate.denies(second.client_order_id)
    assert orders(town)[Venue.BINANCE].state is OrderState.DENIED


def test_an_exit_is_not_held_up_by_an_entry_of_the_same_trade(town):
    """Its own other leg decides: the entries were filled long ago, and neither exit was sent."""
    open_pair(town)
    while town.pending:
        town.run_one()
    town.premium(0)
    assert town.evaluate_now() == 1
    exits = [row.order for row in town.tables.orders.values() if row.order.purpose is Purpose.EXIT]
    town.switch.engage("test", 0)
    assert town.execute.gate.denies(exits[0].client_order_id)
    states = {town.trades.order(each.client_order_id).state for each in exits}
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
def test_what_is_sent_again_as_a_proof_may_trade(town, purpose, is_killed, waited_ms, may_trade):
    order = replace(intent(town, Venue.UPBIT), purpose=purpose)
    if is_killed:
        town.switch.engage("test", 0)
    town.pass_time(waited_ms)
    assert town.execute.gate.may_trade(order) is may_trade


def test_an_exit_is_not_held_up_by_an_earlier_exit_of_the_same_trade(town):
    """A thin book is left step by step: the first step was executed, the second one was not sent."""
    open_pair(town)
    while town.pending:
        town.run_one()
    town.premium(0, depth="0.002")
    assert town.evaluate_now() == 1
    while town.pending:
        town.run_one()
    town.pass_time(100)
    town.premium(0, depth="0.002")
    assert town.evaluate_now() == 1
    unsent = [row.order for row in town.tables.orders.values() if row.order.state is OrderState.INTENT]
    town.switch.engage("test", 0)
    assert town.execute.gate.denies(unsent[0].client_order_id)
    assert {town.trades.order(each.client_order_id).state for each in unsent} == {OrderState.DENIED}
