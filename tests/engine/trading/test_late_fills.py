"""A fill that comes after its order and its trade had ended moves position and profit, and is repaired."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import FillId, Venue
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from arb.engine.trading.fills import RecordReport, StreamedReport
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed, Tripwire


def run_all(testbed):
    testbed.collect()
    while testbed.pending:
        testbed.run_one()


def aborted() -> EngineTestbed:
    """A trade of which nothing was filled."""
    testbed = EngineTestbed()
    for venue in testbed.venues.values():
        venue.troubles.append(Trouble.UNFILLED)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    run_all(testbed)
    (trade,) = testbed.tables.trades.values()
    assert trade.state is TradeState.ABORTED
    return testbed


def leg(testbed, venue):
    (found,) = [
        row.order
        for row in testbed.tables.orders.values()
        if row.order.venue is venue and row.order.purpose is Purpose.ENTRY
    ]
    return found


def fill_late(testbed, venue, quantity=None, *, told=True):
    """Have a venue execute an order that it had called ended; its stream tells, or its message is lost."""
    order = leg(testbed, venue)
    client = testbed.venues[venue]
    executed = order.quantity if quantity is None else Decimal(quantity)
    instrument = client.rules[order.symbol]
    asset, fee = instrument.fee(order.side, executed, order.limit_price)
    (report,) = client.placed[order.client_order_id]
    fill = replace(
        client._fill(order, 9, order.limit_price, executed, instrument),
        fill_id=FillId(f"late-{order.client_order_id}"),
        fee=fee,
        fee_asset=asset,
        ts_event_ns=testbed.clock.now_ns(),
    )
    client._move(order, fill, instrument)
    late = replace(report, status=OrderState.PARTIALLY_FILLED, fills=(fill,))
    client.placed[order.client_order_id] = [replace(late, status=OrderState.CANCELED)]
    testbed.pass_time(1_000)
    record = RecordReport(
        trades=testbed.trades,
        dispatcher=testbed.dispatcher,
        counters=testbed.counters,
        alerts=testbed.execute.alerts,
        clock=testbed.clock,
        ended=testbed.execute.ended,
    )
    record.run(StreamedReport(venue=venue, report=late, executed=executed))
    testbed.collect()
    if not told:
        testbed.pending.clear()


def only(testbed):
    (trade,) = testbed.tables.trades.values()
    return testbed.trades.view(trade.trade_id)


def sweep(testbed):
    testbed.pass_time(2_000)
    testbed.premium(60)
    testbed.sweep.run()
    run_all(testbed)


@pytest.mark.parametrize("told", [True, False], ids=["told", "message lost"])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_leg_that_was_filled_after_its_trade_was_aborted_is_evened_out(venue, told):
    testbed = aborted()
    fill_late(testbed, venue, told=told)
    run_all(testbed)
    sweep(testbed)
    view = only(testbed)
    assert trade_position(view.orders).imbalance == 0
    assert view.trade.state in (TradeState.OPEN, TradeState.CLOSED)
    assert testbed.drifts() == {}
    assert "late_fill" in [alert.kind for _, alert in testbed.tables.alerts]


def test_both_legs_that_were_filled_late_are_an_open_pair():
    testbed = aborted()
    for venue in PAIR.venues:
        fill_late(testbed, venue, told=False)
    run_all(testbed)
    sweep(testbed)
    view = only(testbed)
    assert (view.trade.state, len(view.orders)) == (TradeState.OPEN, 2)
    assert (view.trade.closed_at_ns, view.trade.residual) == (0, 0)


def test_a_late_fill_too_small_to_even_out_is_in_position_and_profit():
    testbed = aborted()
    fill_late(testbed, Venue.BINANCE, "0.00001")
    run_all(testbed)
    trade = only(testbed).trade
    assert trade.state is TradeState.CLOSED
    assert abs(trade.residual) == Decimal("0.00001")
    assert trade.pnl_krw != 0


def open_pair_with_half_a_leg() -> EngineTestbed:
    testbed = EngineTestbed()
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    run_all(testbed)
    assert only(testbed).trade.state is TradeState.OPEN
    return testbed


@pytest.mark.parametrize("told", [True, False], ids=["told", "message lost"])
def test_an_open_pair_with_a_late_fill_is_evened_out(told):
    testbed = open_pair_with_half_a_leg()
    order = leg(testbed, Venue.UPBIT)
    fill_late_of_half(testbed, order, told)
    run_all(testbed)
    sweep(testbed)
    view = only(testbed)
    assert abs(trade_position(view.orders).imbalance) < Decimal("0.00001")  # less than a lot
    assert view.trade.state is TradeState.OPEN
    assert testbed.drifts() == {}


def fill_late_of_half(testbed, order, told):
    client = testbed.venues[Venue.UPBIT]
    (report,) = client.placed[order.client_order_id]
    first = report.fills[0]
    rest = replace(
        first,
        fill_id=FillId("late"),
        quantity=order.quantity - first.quantity,
        fee=first.fee * (order.quantity - first.quantity) / first.quantity,
    )
    client._move(order, rest, client.rules[order.symbol])
    late = replace(report, status=OrderState.PARTIALLY_FILLED, fills=(rest,))
    client.placed[order.client_order_id] = [replace(report, fills=(first, rest), status=OrderState.FILLED)]
    testbed.pass_time(1_000)
    record = RecordReport(
        trades=testbed.trades,
        dispatcher=testbed.dispatcher,
        counters=testbed.counters,
        alerts=testbed.execute.alerts,
        clock=testbed.clock,
        ended=testbed.execute.ended,
    )
    record.run(StreamedReport(venue=Venue.UPBIT, report=late, executed=order.quantity))
    testbed.collect()
    if not told:
        testbed.pending.clear()


def test_once_settled_again_no_sweep_asks_any_more():
    testbed = aborted()
    fill_late(testbed, Venue.UPBIT)
    run_all(testbed)
    sweep(testbed)
    before = only(testbed)
    testbed.pass_time(2_000)
    testbed.sweep.run()
    testbed.collect()
    assert testbed.pending == []
    assert only(testbed) == before


@pytest.mark.parametrize("calls", range(10))
@pytest.mark.parametrize("after", [False, True])
def test_who_dies_while_a_trade_is_settled_again_leaves_no_leg_alone(calls, after):
    testbed = aborted()
    fill_late(testbed, Venue.UPBIT)
    testbed.premium(60)
    testbed.run_one(trip=Tripwire(calls, after=after))
    testbed.quiesce()
    view = only(testbed)
    assert trade_position(view.orders).imbalance == 0
    assert testbed.drifts() == {}
    assert (
        max(testbed.orders_at(venue)[name] for venue in PAIR.venues for name in testbed.orders_at(venue)) == 1
    )
