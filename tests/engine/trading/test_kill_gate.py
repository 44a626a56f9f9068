"""What is still sent, and what is denied, while the kill switch is pulled."""

import pytest

from arb.adapters.memory.memory_venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose, State
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.domain.markets import OTHER
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
    assert {order.state for order in orders(town).values()} == {State.DENIED}
    assert {order.reason for order in orders(town).values()} == {"killed: test"}
    assert only_trade(town).state is TradeState.ABORTED
    assert not any(town.orders_at(venue) for venue in Venue)


@pytest.mark.parametrize("first", [0, 1])
def test_the_second_leg_goes_where_the_first_went(town, first):
    open_pair(town)
    town.run_one(first)
    town.switch.engage("test", 0)
    while town.pending:
        town.run_one()
    assert [sum(town.orders_at(venue).values()) for venue in Venue] == [1, 1]
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
    assert orders(town)[OTHER[venue]].state is State.DENIED
    assert only_trade(town).state is TradeState.ABORTED


def test_switch_pulled_between_claim_and_wire_takes_the_claim_back(town):
    open_pair(town)
    claimed = town.trades.claim(town.pending[0][2][0], town.clock.now_ns())
    town.switch.engage("test", 0)
    assert town.execute.gate.takes_back(claimed)
    assert {order.state for order in orders(town).values()} == {State.DENIED}


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


@pytest.mark.parametrize("first", list(Venue))
def test_the_second_leg_waits_for_what_became_of_the_first(town, first):
    """It arrived, and only its answer is missing: the pair is hedged as soon as that is known."""
    open_pair(town)
    sent = orders(town)[first]
    claimed = town.trades.claim(sent.client_order_id, town.clock.now_ns())
    report = town.venues[first].place(claimed)
    town.switch.engage("test", 0)
    second = orders(town)[OTHER[first]].client_order_id
    assert town.execute.place(second).state is State.INTENT
    town.trades.record(report, town.clock.now_ns())
    assert town.execute.place(second).state is State.FILLED
    assert trade_position(town.trades.view(only_trade(town).trade_id).orders).imbalance == 0
