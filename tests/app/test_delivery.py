"""An order in a sender's hand: whatever goes wrong, nothing is raised, and it is seen as a task would be."""

from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.app.delivery import Deliver
from arb.domain.errors import Conflict, DispatchError, StoreUnavailable
from arb.engine.trading.clearance import COMMITTED, Clearance
from arb.engine.trading.hand_off import PLACE
from tests.engine.testbed import EngineTestbed, Uncounted, open_one


@pytest.fixture
def order():
    testbed = EngineTestbed(senders=2)
    open_one(testbed)
    return next(iter(testbed.tables.orders.values())).order


def delivered(order, send):
    clock, counters, told = ManualClock(), Uncounted(), []
    began_ns = clock.now_ns()

    def sending(given, clearance, *_own):
        assert clearance is COMMITTED
        clock.advance_ms(20)
        return send(given)

    execute = SimpleNamespace(send=sending)
    Deliver(execute=execute, counters=counters, clock=clock, tell=told.append)(order, COMMITTED)
    (done,) = told
    assert (done.task, done.argument) == (PLACE, order.client_order_id)
    assert (done.began_ns, done.took_ns) == (began_ns, 20_000_000)
    return SimpleNamespace(done=done, counts=counters.counts)


def test_what_was_sent_is_told_of_as_a_task(order):
    sent = []
    assert not delivered(order, sent.append).done.error
    assert sent == [order]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), Conflict("moved"), DispatchError("no broker")])
def test_what_a_sweep_comes_back_to_is_no_error_of_ours(order, error):
    def send(_order):
        raise error

    found = delivered(order, send)
    assert repr(error) == found.done.error
    assert not found.counts


def test_a_bug_is_counted_and_ends_no_sender(order):
    def send(_order):
        raise ZeroDivisionError

    found = delivered(order, send)
    assert "ZeroDivisionError" in found.done.error
    assert found.counts == {("errors", PLACE): 1}


def test_what_was_not_committed_is_not_sent_and_nothing_is_told_of_it(order):
    testbed, told = EngineTestbed(), []
    clearance = Clearance()
    clearance.refuse()
    made = {"execute": testbed.execute, "counters": testbed.counters, "clock": testbed.clock}
    Deliver(**made, tell=told.append)(order, clearance)
    assert told == []
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)


def test_an_order_that_is_ready_is_sent_and_told_of_the_same_way(order):
    testbed, told, left = EngineTestbed(), [], []
    made = {"execute": testbed.execute, "counters": testbed.counters, "clock": testbed.clock}
    own = Deliver(**made, tell=told.append).get_ready(order)
    assert told == left == []
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    own(COMMITTED, leaving=lambda: left.append(order))
    assert left == [order]
    assert [(done.task, done.argument) for done in told] == [(PLACE, order.client_order_id)]
    assert list(testbed.orders_at(order.venue)) == [order.client_order_id]


@pytest.mark.parametrize("is_bug", [False, True])
def test_what_cannot_be_got_ready_is_left_to_a_sender(order, is_bug):
    counters = Uncounted()

    def ready(_order):
        return 1 // 0 if is_bug else None

    made = Deliver(execute=SimpleNamespace(ready=ready), counters=counters, clock=ManualClock())
    assert made.get_ready(order) is None
    assert counters.counts == ({("errors", PLACE): 1} if is_bug else {})
