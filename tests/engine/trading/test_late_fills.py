"""A fill that comes after its order and its trade had ended moves position and profit, and is evened out."""

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
from tests.engine.town import Town, Tripwire


def run_all(town):
    town.collect()
    while town.pending:
        town.run_one()


def aborted() -> Town:
    """A trade of which nothing was filled."""
    town = Town()
    for venue in town.venues.values():
        venue.troubles.append(Trouble.UNFILLED)
    town.premium(60)
    assert town.evaluate_now() == 1
    run_all(town)
    (trade,) = town.tables.trades.values()
    assert trade.state is TradeState.ABORTED
    return town


def leg(town, venue):
    (found,) = [
        row.order
        for row in town.tables.orders.values()
        if row.order.venue is venue and row.order.purpose is Purpose.ENTRY
    ]
    return found


def fill_late(town, venue, quantity=None, *, told=True):
    """Have a venue execute an order that it had called ended; its stream tells, or its message is lost."""
    order = leg(town, venue)
    client = town.venues[venue]
    executed = order.quantity if quantity is None else Decimal(quantity)
    instrument = client.rules[order.symbol]
    asset, fee = instrument.fee(order.side, executed, order.limit_price)
    (report,) = client.placed[order.client_order_id]
    fill = replace(
        client._fill(order, 9, order.limit_price, executed, instrument),
        fill_id=FillId(f"late-{order.client_order_id}"),
        fee=fee,
        fee_asset=asset,
        ts_event_ns=town.clock.now_ns(),
    )
    client._move(order, fill, instrument)
    late = replace(report, status=OrderState.PARTIALLY_FILLED, fills=(fill,))
    client.placed[order.client_order_id] = [replace(late, status=OrderState.CANCELED)]
    town.pass_time(1_000)
    record = RecordReport(
        trades=town.trades,
        dispatcher=town.dispatcher,
        counters=town.counters,
        alerts=town.execute.alerts,
        clock=town.clock,
    )
    record.run(StreamedReport(venue=venue, report=late, executed=executed))
    town.collect()
    if not told:
        town.pending.clear()


def only(town):
    (trade,) = town.tables.trades.values()
    return town.trades.view(trade.trade_id)


def sweep(town):
    town.pass_time(2_000)
    town.premium(60)
    town.sweep.run()
    run_all(town)


@pytest.mark.parametrize("told", [True, False], ids=["told", "message lost"])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_leg_that_was_filled_after_its_trade_was_aborted_is_evened_out(venue, told):
    town = aborted()
    fill_late(town, venue, told=told)
    run_all(town)
    sweep(town)
    view = only(town)
    assert trade_position(view.orders).imbalance == 0
    assert view.trade.state in (TradeState.OPEN, TradeState.CLOSED)
    assert town.drifts() == {}
    assert "late_fill" in [alert.kind for _, alert in town.tables.alerts]


def test_both_legs_that_were_filled_late_are_an_open_pair():
    town = aborted()
    for venue in PAIR.venues:
        fill_late(town, venue, told=False)
    run_all(town)
    sweep(town)
    view = only(town)
    assert (view.trade.state, len(view.orders)) == (TradeState.OPEN, 2)
    assert (view.trade.closed_at_ns, view.trade.residual) == (0, 0)


def test_a_late_fill_too_small_to_even_out_is_in_position_and_profit():
    town = aborted()
    fill_late(town, Venue.BINANCE, "0.00001")
    run_all(town)
    trade = only(town).trade
    assert trade.state is TradeState.CLOSED
    assert abs(trade.residual) == Decimal("0.00001")
    assert trade.pnl_krw != 0


def open_pair_with_half_a_leg() -> Town:
    town = Town()
    town.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    town.premium(60)
    assert town.evaluate_now() == 1
    run_all(town)
    assert only(town).trade.state is TradeState.OPEN
    return town


@pytest.mark.parametrize("told", [True, False], ids=["told", "message lost"])
def test_an_open_pair_with_a_late_fill_is_evened_out(told):
    town = open_pair_with_half_a_leg()
    order = leg(town, Venue.UPBIT)
    fill_late_of_half(town, order, told)
    run_all(town)
    sweep(town)
    view = only(town)
    assert abs(trade_position(view.orders).imbalance) < Decimal("0.00001")  # less than a lot
    assert view.trade.state is TradeState.OPEN
    assert town.drifts() == {}


def fill_late_of_half(town, order, told):
    client = town.venues[Venue.UPBIT]
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
    town.pass_time(1_000)
    record = RecordReport(
        trades=town.trades,
        dispatcher=town.dispatcher,
        counters=town.counters,
        alerts=town.execute.alerts,
        clock=town.clock,
    )
    record.run(StreamedReport(venue=Venue.UPBIT, report=late, executed=order.quantity))
    town.collect()
    if not told:
        town.pending.clear()


def test_once_settled_again_no_sweep_asks_any_more():
    town = aborted()
    fill_late(town, Venue.UPBIT)
    run_all(town)
    sweep(town)
    before = only(town)
    town.pass_time(2_000)
    town.sweep.run()
    town.collect()
    assert town.pending == []
    assert only(town) == before


@pytest.mark.parametrize("calls", range(10))
@pytest.mark.parametrize("after", [False, True])
def test_who_dies_while_a_trade_is_settled_again_leaves_no_leg_alone(calls, after):
    town = aborted()
    fill_late(town, Venue.UPBIT)
    town.premium(60)
    town.run_one(trip=Tripwire(calls, after=after))
    town.quiesce()
    view = only(town)
    assert trade_position(view.orders).imbalance == 0
    assert town.drifts() == {}
    assert max(town.orders_at(venue)[name] for venue in PAIR.venues for name in town.orders_at(venue)) == 1
