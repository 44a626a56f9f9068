"""Who writes an entry beside the evaluation sends its first order, as safely as a sender does."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Event, Thread

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import RateLimited, StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Denied, Mode
from arb.domain.trading.order import Order, OrderState
from arb.engine.trading.clearance import Clearance, NotCommitted
from arb.engine.trading.exposure_ahead import ExposureAhead
from tests.engine.testbed import OVERDUE_NS, SESSION, EngineTestbed, open_one, run_due
from tests.engine.trading.test_beside import Seats
from tests.engine.trading.test_hand_off import (
    Outdated,
    foreseen,
    halt,
    messages,
    orders,
    run_handed,
    sent_once,
    watching,
)


@pytest.fixture
def testbed() -> EngineTestbed:
    """Return a testbed in whose evaluating process two senders wait, and one that writes entries."""
    return EngineTestbed(senders=2)


@pytest.fixture
def writer(testbed: EngineTestbed) -> Seats:
    """Return the one that writes; it does when a test says so."""
    seats = Seats(1)

    def get_ready(order: Order) -> Callable[..., object] | None:
        ready = testbed.execute.ready(order)

        def send(clearance: Clearance, *, leaving: Callable[[], object]) -> None:
            with suppress(NotCommitted):
                testbed.execute.send(order, clearance, ready, leaving)

        return None if ready is None else send

    testbed.evaluate = replace(testbed.evaluate, beside=seats, get_ready=get_ready)
    return seats


def begin(testbed: EngineTestbed) -> None:
    """Have an entry be decided, which nobody has written yet."""
    foreseen(testbed)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0


def sent(testbed: EngineTestbed) -> int:
    return sum(len(testbed.orders_at(venue)) for venue in testbed.venues)


def test_the_first_order_is_sent_by_who_writes_it_and_the_second_is_handed_over(testbed, writer):
    begin(testbed)
    writer.do()
    assert sent(testbed) == len(testbed.handed) == 1
    assert testbed.counters.counts["orders_sent", "fast"] == 2
    run_handed(testbed)
    assert sent(testbed) == 2
    assert testbed.evaluate.run() == 1
    run_due(testbed)
    assert sent_once(testbed)
    assert all(order.state is OrderState.FILLED for order in orders(testbed))


def test_where_nobody_is_free_to_write_it_who_evaluates_sends_nothing(testbed, writer):
    writer.free = 0
    open_one(testbed)
    assert sent(testbed) == 0
    assert len(testbed.handed) == 2


def test_what_cannot_be_got_ready_at_once_is_handed_over_too(testbed, writer):
    testbed.evaluate = replace(testbed.evaluate, get_ready=lambda _order: None)
    begin(testbed)
    writer.do()
    assert sent(testbed) == 0
    assert len(testbed.handed) == 2
    run_handed(testbed)
    assert sent(testbed) == 2


def pulled(testbed: EngineTestbed) -> None:
    testbed.switch.engage("test", testbed.clock.now_ns())


def test_a_switch_pulled_while_it_is_committed_stops_both_legs(testbed, writer):
    watching(testbed, partial(pulled, testbed))
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0
    assert [order.state for order in orders(testbed)] == [OrderState.DENIED] * 2


def test_a_switch_pulled_after_the_first_has_left_lets_the_second_hedge_it(testbed, writer):
    begin(testbed)
    writer.do()
    pulled(testbed)
    run_handed(testbed)
    assert sent(testbed) == 2


def test_what_was_decided_since_keeps_it_from_going(testbed, writer):
    watching(testbed, partial(halt, testbed))
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0
    assert not testbed.tables.orders
    assert testbed.evaluate.run() == 0


def test_what_was_decided_since_and_allows_it_has_it_go_once(testbed, writer):
    def and_back() -> None:
        halt(testbed)
        testbed.sessions.set_mode(SESSION, Mode.NORMAL, "b", testbed.clock.now_ns())

    watching(testbed, and_back)
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 2
    assert sent_once(testbed)


def test_what_the_review_denies_takes_no_room_of_the_venue(testbed, writer):
    got_ready = []
    limits = replace(testbed.evaluate.limits, trades_open_max=0)
    testbed.evaluate = replace(testbed.evaluate, limits=limits, get_ready=got_ready.append)
    begin(testbed)
    writer.do()
    assert got_ready == []


def test_a_commit_that_stays_unknown_has_nothing_go(testbed, writer):
    class Away(Outdated):
        def open_trade(self, *args):
            testbed.trades.open_trade(*args)
            raise StoreUnavailable("the answer was lost")

    testbed.evaluate = replace(testbed.evaluate, trades=Away(testbed.trades))
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0
    with pytest.raises(StoreUnavailable):
        testbed.evaluate.run()
    testbed.pass_time(OVERDUE_NS // 1_000_000 + 1)
    testbed.quiesce()
    assert sent_once(testbed)
    assert all(order.is_terminal and not order.fills for order in orders(testbed))


def test_a_commit_whose_answer_was_lost_has_nothing_go_that_was_ready(testbed, writer):
    class Twice(Outdated):
        def open_reviewed(self, *args):
            assert testbed.trades.open_reviewed(*args)
            return testbed.trades.open_reviewed(*args)

    testbed.evaluate = replace(testbed.evaluate, trades=Twice(testbed.trades))
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0
    assert [(order.state, order.fence) for order in orders(testbed)] == [(OrderState.INTENT, 1)] * 2
    assert len(messages(testbed)) == 2
    run_due(testbed)
    assert sent_once(testbed)


def test_both_orders_go_whatever_fails_after_their_commit(testbed, writer, monkeypatch):
    def fail(*_given):
        raise ValueError("a mistake")

    monkeypatch.setattr(ExposureAhead, "entered", fail)
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 2
    with pytest.raises(ValueError, match="mistake"):
        testbed.evaluate.run()


def test_a_refused_send_is_retried_by_the_task(testbed, writer):
    for venue in testbed.venues.values():
        venue.troubles.append(Trouble.LIMITED)
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0
    assert len(messages(testbed)) == 2
    testbed.pass_time(1_000)
    testbed.premium(60)
    run_due(testbed)
    assert sent_once(testbed)
    assert all(order.state is OrderState.FILLED for order in orders(testbed))


@pytest.mark.parametrize("has_left", [False, True])
def test_who_dies_with_it_in_hand_leaves_it_to_proof(testbed, writer, has_left):
    """Right after the commit, or after the bytes: nobody else sends under that claim."""

    class Dead(BaseException):
        pass

    get_ready = testbed.evaluate.get_ready

    def dying(order: Order) -> Callable[..., object]:
        send = get_ready(order)

        def die(clearance: Clearance, *, leaving: Callable[[], object]) -> None:
            if has_left:
                send(clearance, leaving=leaving)
            raise Dead

        return die

    testbed.evaluate = replace(testbed.evaluate, get_ready=dying)
    begin(testbed)
    with pytest.raises(Dead):
        writer.do()
    testbed.handed.clear()
    testbed.collect()
    testbed.pass_time(OVERDUE_NS // 1_000_000 + 1)
    testbed.quiesce()
    assert sent_once(testbed)
    assert not testbed.drifts()
    assert all(order.is_terminal for order in orders(testbed))
    assert not testbed.trades.active(SESSION) or not testbed.trades.alone(SESSION)


def test_what_became_of_it_is_known_when_it_leaves_whatever_the_venue_takes(testbed, writer):
    seen = []
    get_ready = testbed.evaluate.get_ready

    def slow(order: Order) -> Callable[..., object]:
        send = get_ready(order)

        def then(clearance: Clearance, *, leaving: Callable[[], object]) -> None:
            seen.append(testbed.evaluate.run())

            def left() -> None:
                leaving()
                seen.append(testbed.evaluate.run())

            send(clearance, leaving=left)

        return then

    testbed.evaluate = replace(testbed.evaluate, get_ready=slow)
    begin(testbed)
    writer.do()
    assert seen == [0, 1]


def test_a_first_order_that_waits_for_its_connection_keeps_no_second_one():
    clearance, gone = Clearance(), Event()

    def second() -> None:
        clearance.await_commit()
        gone.set()

    thread = Thread(target=second)
    thread.start()
    assert not gone.wait(0.02)
    clearance.committed()
    assert gone.wait(10)
    thread.join(10)


def test_a_second_order_of_what_was_never_committed_does_not_go():
    clearance = Clearance()
    clearance.refuse()
    with pytest.raises(NotCommitted):
        clearance.await_commit()


def test_an_order_that_cannot_be_got_ready_says_so_without_an_error(testbed, writer):
    begin(testbed)
    writer.do()
    order = orders(testbed)[0]
    testbed.execute.venues[order.venue] = Barred()
    assert testbed.execute.ready(order) is None


class Barred:
    """A venue that takes no order now."""

    venue = Venue.UPBIT

    def ready(self, order: Order) -> None:
        raise RateLimited(order.venue, "no room", 100)


def test_what_was_denied_after_it_was_ready_is_not_sent(testbed, writer):
    testbed.evaluate = replace(testbed.evaluate, trades=Outdated(testbed.trades))
    testbed.evaluate.trades.open_trade = lambda *_given: Denied("test")
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert sent(testbed) == 0


@pytest.mark.parametrize("is_ready", [False, True])
def test_a_statement_that_is_sent_again_gets_nothing_ready_again(testbed, writer, is_ready):
    class Again(Outdated):
        def open_reviewed(self, *given):
            given[-1]()
            return testbed.trades.open_reviewed(*given)

    asked = []
    get_ready = testbed.evaluate.get_ready

    def once(order: Order) -> Callable[..., object] | None:
        asked.append(order)
        return get_ready(order) if is_ready else None

    testbed.evaluate = replace(testbed.evaluate, trades=Again(testbed.trades), get_ready=once)
    begin(testbed)
    writer.do()
    run_handed(testbed)
    assert len(asked) == 1
    assert sent(testbed) == 2
    assert sent_once(testbed)
