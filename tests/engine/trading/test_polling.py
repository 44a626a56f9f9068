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
from tests.engine.town import SESSION, Town

RESOLVE, SETTLE, PLACE = "arb.resolve_order", "arb.settle_trade", "arb.place_order"
STEP_MS = 100
SWEEP_S = 2


@pytest.fixture
def town() -> Town:
    return Town()


def run_due(town: Town) -> list[str]:
    """Run what is due, and what that sends; return the tasks."""
    ran = []
    while True:
        due = [i for i, (at_ns, _, _) in enumerate(town.pending) if at_ns <= town.clock.now_ns()]
        if not due:
            return ran
        ran.append(town.pending[due[0]][1])
        town.run_one(due[0])


def live(town: Town, seconds: int, *, sweeps: bool = True, quotes: bool = True) -> list[str]:
    """Let time pass with its messages and sweeps; return the tasks that ran."""
    ran = []
    for step in range(seconds * 1_000 // STEP_MS):
        if quotes:
            town.premium(60)
        if sweeps and step % (SWEEP_S * 1_000 // STEP_MS) == 0:
            town.sweep.run()
            town.collect()
        ran += run_due(town)
        town.pass_time(STEP_MS)
    return ran


def on(town: Town, venue: Venue) -> Order:
    (order,) = [row.order for row in town.tables.orders.values() if row.order.venue is venue]
    return order


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def open_with(town: Town, venue: Venue, trouble: Trouble, *, mute: bool = True) -> Order:
    """Open a pair of which one leg meets trouble, at a venue that then says nothing."""
    town.venues[venue].troubles.append(trouble)
    town.venues[venue].mute = mute
    town.premium(60)
    assert town.evaluate_now() == 1
    run_due(town)
    return on(town, venue)


STUCK = [
    (Venue.BINANCE, Trouble.DROPPED, OrderState.UNKNOWN),
    (Venue.UPBIT, Trouble.DROPPED, OrderState.UNKNOWN),
    (Venue.UPBIT, Trouble.WAIT, OrderState.ACCEPTED),
]


@pytest.mark.parametrize(("venue", "trouble", "state"), STUCK)
def test_an_order_nobody_tells_of_costs_no_more_than_its_sweeps_however_long(town, venue, trouble, state):
    assert open_with(town, venue, trouble).state is state
    live(town, 20)
    for _ in range(5):
        ran = live(town, 60)
        assert ran.count(RESOLVE) == 60 / SWEEP_S
        assert len(town.pending) <= 1
    assert on(town, venue).state is state


def test_without_a_sweep_an_order_is_asked_about_a_few_times_within_seconds(town):
    open_with(town, Venue.BINANCE, Trouble.DROPPED)
    ran = live(town, 8, sweeps=False)
    assert ran.count(RESOLVE) == RESOLVE_BACKOFF.attempts_max
    assert not town.pending


def test_streams_that_come_back_again_and_again_ask_once_each(town):
    order = open_with(town, Venue.BINANCE, Trouble.DROPPED)
    live(town, 8, sweeps=False)
    catch_up = CatchUp(
        session_id=SESSION, trades=town.trades, dispatcher=town.dispatcher, counters=town.counters,
    )  # fmt: skip
    for _ in range(5):
        assert catch_up.run(order.venue) == 1
    town.collect()
    assert run_due(town) == [RESOLVE] * 5
    assert not town.pending


@pytest.mark.parametrize("args", [(), (0,), (3,), (1_000,)])
def test_a_message_from_before_an_upgrade_is_read_and_ends(town, args):
    order = open_with(town, Venue.BINANCE, Trouble.DROPPED)
    town.pending = [(0, RESOLVE, (order.client_order_id, *args))]
    live(town, 8, sweeps=False)
    assert not town.pending
    town.venues[Venue.BINANCE].mute = False
    town.pending = [(0, RESOLVE, (order.client_order_id, *args))]
    town.pass_time(6_000)
    run_due(town)
    assert town.tables.orders[order.client_order_id].order.state is OrderState.EXPIRED


def test_an_upbit_order_is_sent_again_as_soon_as_that_is_allowed(town):
    open_with(town, Venue.UPBIT, Trouble.DROPPED, mute=False)
    live(town, 2, sweeps=False)
    assert on(town, Venue.UPBIT).state is OrderState.FILLED


def test_a_binance_order_is_proven_absent_within_a_sweep_of_when_it_can_be(town):
    order = open_with(town, Venue.BINANCE, Trouble.DROPPED, mute=False)
    live(town, 20)
    row = town.tables.orders[order.client_order_id]
    assert row.order.state is OrderState.EXPIRED
    assert row.changed_at_ns - order.claimed_at_ns <= (12 + SWEEP_S) * NS_PER_S


def test_the_end_of_an_outage_is_followed_at_once_and_by_a_hedged_trade(town):
    open_with(town, Venue.UPBIT, Trouble.WAIT)
    live(town, 120)
    town.venues[Venue.UPBIT].mute = False
    live(town, SWEEP_S)
    assert on(town, Venue.UPBIT).state is OrderState.FILLED
    assert only_trade(town).state is TradeState.OPEN


def test_messages_about_an_order_that_is_over_ask_for_nothing(town):
    order = open_with(town, Venue.UPBIT, Trouble.WAIT, mute=False)
    assert order.state is OrderState.FILLED
    town.collect()
    town.pending.clear()
    for _ in range(3):
        town.execute.place(order.client_order_id)
        town.execute.resolve(order.client_order_id)
    assert town.dispatcher.take() == []


def test_an_intent_whose_lifetime_ended_has_its_trade_settled(town):
    town.premium(60)
    town.evaluate_now()
    town.pass_time(3_001)
    assert run_due(town).count(SETTLE) == 2
    assert only_trade(town).state is TradeState.ABORTED


def closing_without_a_rate(town: Town) -> None:
    """Leave a trade that is even and over, and whose worth nobody can tell."""
    town.premium(60)
    town.evaluate_now()
    run_due(town)
    town.premium(0)
    assert town.evaluate_now() == 1
    while (found := next((i for i, each in enumerate(town.pending) if each[1] == PLACE), None)) is not None:
        town.run_one(found)
    for venue in town.venues.values():
        venue.silent = True
    town.pass_time(6_000)


def test_an_even_trade_without_a_rate_costs_no_more_than_its_sweeps_however_long(town):
    closing_without_a_rate(town)
    live(town, 20, quotes=False)
    for _ in range(5):
        assert live(town, 60, quotes=False).count(SETTLE) == 60 / SWEEP_S
        assert len(town.pending) <= 1
    assert only_trade(town).state is TradeState.CLOSING
    live(town, SWEEP_S)
    assert only_trade(town).state is TradeState.CLOSED


def test_without_a_sweep_a_trade_is_looked_at_for_some_seconds(town):
    closing_without_a_rate(town)
    ends = 2  # one settlement for each order that ended
    assert live(town, 8, sweeps=False, quotes=False).count(SETTLE) == ends * (LOOKS_MAX + 1)
    assert not town.pending


def test_a_leg_that_waits_for_a_market_is_repaired_within_a_moment_of_its_return(town):
    town.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    town.premium(60)
    town.evaluate_now()
    for venue in town.venues.values():
        venue.silent = True
    town.pass_time(2_500)  # within the orders' lifetime, and the books are stale
    run_due(town)
    assert only_trade(town).state is TradeState.REPAIRING
    live(town, 2, sweeps=False, quotes=False)
    live(town, 1, sweeps=False)
    assert only_trade(town).state is TradeState.OPEN
