"""More executed than was ordered is not believed.

A venue that names one execution by two ids, one in its replies and another in its stream, was booked as
having executed the order twice. The engine repaired the half that never was, and was naked for real.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.trades import MemoryTradeStore
from arb.domain.health.alert import Severity
from arb.domain.market.ids import FillId, Venue
from arb.domain.risk.review import Mode
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState, overfill
from arb.engine.trading.fills import RecordReport, StreamedReport
from tests.engine.testbed import SESSION, EngineTestbed
from tests.known_losses.helpers import alerts, orders, require, run_due, run_one

NAKED_BTC_MAX = Decimal("0.0001")  # fees in base, and no leg


def under_another_name(fill: Fill) -> Fill:
    return replace(fill, fill_id=FillId(f"stream-{fill.fill_id}"))


def fill_both_legs(testbed: EngineTestbed) -> None:
    """Have both legs of a pair executed, and nothing settled yet."""
    testbed.premium(60)
    require(testbed.evaluate_now() == 1, "a pair is being opened")
    while any(order.state is OrderState.INTENT for order in orders(testbed)):
        run_one(testbed)


def leg_on_upbit(testbed: EngineTestbed) -> Order:
    (found,) = [order for order in orders(testbed) if order.venue is Venue.UPBIT]
    return found


def by_stream(testbed: EngineTestbed | None = None) -> EngineTestbed:
    """The reply names the execution, and then the stream names it otherwise."""
    testbed = testbed or EngineTestbed()
    fill_both_legs(testbed)
    leg = leg_on_upbit(testbed)
    (fill,) = leg.fills
    report = OrderReport(
        client_order_id=leg.client_order_id,
        venue_order_id=leg.venue_order_id,
        status=OrderState.PARTIALLY_FILLED,
        fills=(under_another_name(fill),),
    )
    record = RecordReport(
        trades=testbed.trades,
        dispatcher=testbed.dispatcher,
        counters=testbed.counters,
        alerts=testbed.execute.alerts,
        clock=testbed.clock,
        ended=testbed.execute.ended,
    )
    record.run(StreamedReport(venue=Venue.UPBIT, report=report, executed=leg.quantity))
    testbed.collect()
    return testbed


def by_question(testbed: EngineTestbed | None = None) -> EngineTestbed:
    """The reply names half of the execution, and the next answer names all of it otherwise."""
    testbed = testbed or EngineTestbed()
    client = testbed.venues[Venue.UPBIT]
    place = client.place

    def place_half(order: Order) -> OrderReport:
        (fill,) = place(order).fills
        half = replace(under_another_name(fill), quantity=fill.quantity / 2, fee=fill.fee / 2)
        found = client.placed[order.client_order_id][0]
        return replace(found, status=OrderState.PARTIALLY_FILLED, fills=(half,))

    client.place = place_half
    fill_both_legs(testbed)
    return testbed


def btc_held(testbed: EngineTestbed) -> Decimal:
    return sum((client.held["BTC"] for client in testbed.venues.values()), Decimal(0))


class Died(BaseException):
    """The process is no more."""


@pytest.fixture
def dying_once_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process die as soon as a report of more than can be is booked."""
    record = MemoryTradeStore.record

    def record_and_die(store: MemoryTradeStore, report: OrderReport, now_ns: int, known: Order) -> Order:
        order = record(store, report, now_ns, known)
        if overfill(order, report):
            raise Died
        return order

    monkeypatch.setattr(MemoryTradeStore, "record", record_and_die)


@pytest.mark.usefixtures("dying_once_booked")
@pytest.mark.parametrize("make", [by_stream, by_question], ids=["stream", "question"])
def test_a_process_that_dies_once_it_is_booked_has_told_and_halts(
    make: Callable[[EngineTestbed], EngineTestbed], monkeypatch: pytest.MonkeyPatch
):
    testbed = EngineTestbed()
    with pytest.raises(Died):
        make(testbed)
    monkeypatch.undo()
    testbed.collect()
    told = [alert.kind for alert in alerts(testbed)]
    run_due(testbed)
    assert "order_overfilled" in told
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED


@pytest.fixture(params=[by_stream, by_question], ids=["stream", "question"])
def overfilled(request: pytest.FixtureRequest) -> EngineTestbed:
    """A testbed a while after one of its orders seems to be executed beyond its quantity."""
    make: Callable[[], EngineTestbed] = request.param
    testbed = make()
    for _ in range(20):
        testbed.premium(60)
        testbed.sweep.run()
        testbed.collect()
        run_due(testbed)
        testbed.pass_time(300)
    return testbed


def test_an_execution_under_two_names_is_not_repaired_into_a_naked_leg(overfilled: EngineTestbed):
    naked_btc = btc_held(overfilled) - btc_held(EngineTestbed())
    assert abs(naked_btc) <= NAKED_BTC_MAX


def test_more_executed_than_ordered_is_alarmed(overfilled: EngineTestbed):
    told = [alert.kind for alert in alerts(overfilled) if alert.severity is not Severity.INFO]
    assert told


def test_more_executed_than_ordered_halts(overfilled: EngineTestbed):
    mode = overfilled.sessions.get(SESSION).mode
    assert mode is Mode.HALTED
