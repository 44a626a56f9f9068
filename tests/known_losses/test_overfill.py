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
from tests.engine.town import SESSION, Town
from tests.known_losses.helpers import alerts, orders, require, run_due, run_one

NAKED_BTC_MAX = Decimal("0.0001")  # fees in base, and no leg


def under_another_name(fill: Fill) -> Fill:
    return replace(fill, fill_id=FillId(f"stream-{fill.fill_id}"))


def fill_both_legs(town: Town) -> None:
    """Have both legs of a pair executed, and nothing settled yet."""
    town.premium(60)
    require(town.evaluate_now() == 1, "a pair is being opened")
    while any(order.state is OrderState.INTENT for order in orders(town)):
        run_one(town)


def leg_on_upbit(town: Town) -> Order:
    (found,) = [order for order in orders(town) if order.venue is Venue.UPBIT]
    return found


def by_stream(town: Town | None = None) -> Town:
    """The reply names the execution, and then the stream names it otherwise."""
    town = town or Town()
    fill_both_legs(town)
    leg = leg_on_upbit(town)
    (fill,) = leg.fills
    report = OrderReport(
        client_order_id=leg.client_order_id,
        venue_order_id=leg.venue_order_id,
        status=OrderState.PARTIALLY_FILLED,
        fills=(under_another_name(fill),),
    )
    record = RecordReport(
        trades=town.trades,
        dispatcher=town.dispatcher,
        counters=town.counters,
        alerts=town.execute.alerts,
        clock=town.clock,
    )
    record.run(StreamedReport(venue=Venue.UPBIT, report=report, executed=leg.quantity))
    town.collect()
    return town


def by_question(town: Town | None = None) -> Town:
    """The reply names half of the execution, and the next answer names all of it otherwise."""
    town = town or Town()
    client = town.venues[Venue.UPBIT]
    place = client.place

    def place_half(order: Order) -> OrderReport:
        (fill,) = place(order).fills
        half = replace(under_another_name(fill), quantity=fill.quantity / 2, fee=fill.fee / 2)
        found = client.placed[order.client_order_id][0]
        return replace(found, status=OrderState.PARTIALLY_FILLED, fills=(half,))

    client.place = place_half
    fill_both_legs(town)
    return town


def btc_held(town: Town) -> Decimal:
    return sum((client.held["BTC"] for client in town.venues.values()), Decimal(0))


class Died(BaseException):
    """The process is no more."""


@pytest.fixture
def dying_once_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process die as soon as a report of more than can be is booked."""
    record = MemoryTradeStore.record

    def record_and_die(store: MemoryTradeStore, report: OrderReport, now_ns: int) -> Order:
        order = record(store, report, now_ns)
        if overfill(order, report):
            raise Died
        return order

    monkeypatch.setattr(MemoryTradeStore, "record", record_and_die)


@pytest.mark.usefixtures("dying_once_booked")
@pytest.mark.parametrize("make", [by_stream, by_question], ids=["stream", "question"])
def test_a_process_that_dies_once_it_is_booked_has_told_and_halts(
    make: Callable[[Town], Town], monkeypatch: pytest.MonkeyPatch
):
    town = Town()
    with pytest.raises(Died):
        make(town)
    monkeypatch.undo()
    town.collect()
    told = [alert.kind for alert in alerts(town)]
    run_due(town)
    assert "order_overfilled" in told
    assert town.sessions.get(SESSION).mode is Mode.HALTED


@pytest.fixture(params=[by_stream, by_question], ids=["stream", "question"])
def overfilled(request: pytest.FixtureRequest) -> Town:
    """A town a while after one of its orders seems to be executed beyond its quantity."""
    make: Callable[[], Town] = request.param
    town = make()
    for _ in range(20):
        town.premium(60)
        town.sweep.run()
        town.collect()
        run_due(town)
        town.pass_time(300)
    return town


def test_an_execution_under_two_names_is_not_repaired_into_a_naked_leg(overfilled: Town):
    naked_btc = btc_held(overfilled) - btc_held(Town())
    assert abs(naked_btc) <= NAKED_BTC_MAX


def test_more_executed_than_ordered_is_alarmed(overfilled: Town):
    told = [alert.kind for alert in alerts(overfilled) if alert.severity is not Severity.INFO]
    assert told


def test_more_executed_than_ordered_halts(overfilled: Town):
    mode = overfilled.sessions.get(SESSION).mode
    assert mode is Mode.HALTED
