"""Orders that go from the commit straight to a sender: at most once, whoever dies and whatever is pulled."""

from contextlib import suppress
from dataclasses import replace
from threading import Event, Thread

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin, Venue
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.trading.by_hand import CoinPause
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.domain.trading.trade import TradeState
from arb.engine.trading.clearance import Clearance, NotCommitted
from arb.engine.trading.exposure_ahead import ExposureAhead
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, OVERDUE_NS, SESSION, EngineTestbed, Killed, open_one, run_due

OVERDUE_MS = OVERDUE_NS // 1_000_000
PLACE = "arb.place_order"


@pytest.fixture
def testbed() -> EngineTestbed:
    """Return a testbed in whose evaluating process two senders wait."""
    return EngineTestbed(senders=2)


def orders(testbed: EngineTestbed) -> list[Order]:
    return [row.order for row in testbed.tables.orders.values()]


def messages(testbed: EngineTestbed) -> list[str]:
    testbed.collect()
    return [name for _, name, _ in testbed.pending]


def run_handed(testbed: EngineTestbed) -> None:
    while testbed.handed:
        testbed.handed.pop(0)()
    testbed.collect()


def sent_once(testbed: EngineTestbed) -> bool:
    return all(set(testbed.orders_at(venue).values()) <= {1} for venue in testbed.venues)


def test_a_pair_is_claimed_with_its_commit_and_handed_over_without_a_message(testbed):
    open_one(testbed)
    assert [(order.state, order.fence, order.attempts) for order in orders(testbed)] == [
        (OrderState.SUBMITTED, 1, 1)
    ] * 2
    assert all(order.claimed_at_ns == testbed.clock.now_ns() for order in orders(testbed))
    assert len(testbed.handed) == 2
    assert PLACE not in messages(testbed)
    assert testbed.counters.counts["orders_sent", "fast"] == 2


def test_both_legs_are_sent_once_and_the_trade_goes_on(testbed):
    open_one(testbed)
    run_handed(testbed)
    run_due(testbed)
    assert [len(testbed.orders_at(venue)) for venue in testbed.venues] == [1, 1]
    (view,) = testbed.trades.active(SESSION)
    assert view.trade.state is TradeState.OPEN


def test_an_exit_goes_the_same_way(testbed):
    open_one(testbed)
    run_handed(testbed)
    run_due(testbed)
    testbed.premium(-60)
    assert testbed.evaluate_now() == 1
    exits = [order for order in orders(testbed) if order.purpose is Purpose.EXIT]
    assert [order.state for order in exits] == [OrderState.SUBMITTED] * 2
    run_handed(testbed)
    assert sent_once(testbed)
    assert all(order.state is OrderState.FILLED for order in orders(testbed))


@pytest.mark.parametrize("senders", [0, 1])
def test_where_too_few_wait_both_legs_go_through_the_queue(senders):
    testbed = EngineTestbed(senders=senders)
    open_one(testbed)
    assert [order.state for order in orders(testbed)] == [OrderState.INTENT] * 2
    assert messages(testbed) == [PLACE] * 2
    assert testbed.counters.counts["orders_sent", "queue"] == 2


def test_a_refused_pair_leaves_the_seats_to_others(testbed):
    given_back = []
    reserve = testbed.evaluate.reserve

    def watched(count):
        seats = reserve(count)
        seats.give_back = lambda: given_back.append(count)
        return seats

    limits = replace(testbed.evaluate.limits, trades_open_max=0)
    testbed.evaluate = replace(testbed.evaluate, reserve=watched, limits=limits)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert given_back == [2]
    assert not testbed.handed


def test_a_switch_pulled_between_commit_and_bytes_stops_both_legs(testbed):
    open_one(testbed)
    testbed.switch.engage("test", testbed.clock.now_ns())
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    assert [order.state for order in orders(testbed)] == [OrderState.DENIED] * 2


def test_a_switch_pulled_between_the_legs_lets_the_second_hedge_the_first(testbed):
    open_one(testbed)
    testbed.handed.pop(0)()
    testbed.switch.engage("test", testbed.clock.now_ns())
    run_handed(testbed)
    assert sorted(len(testbed.orders_at(venue)) for venue in testbed.venues)[-2:] == [1, 1]


def test_a_switch_pulled_while_the_first_leg_is_out_keeps_the_second_within_reach(testbed):
    """Nobody knows yet what becomes of the first: the second is given back, and what follows decides."""
    open_one(testbed)
    testbed.switch.engage("test", testbed.clock.now_ns())
    testbed.handed.pop(1)()
    (kept,) = [order for order in orders(testbed) if order.state is OrderState.INTENT]
    assert kept.fence == 1
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)


@pytest.mark.parametrize("sent", [(), (0,), (1,)], ids=["no bytes", "first", "second"])
def test_who_dies_with_orders_in_hand_leaves_them_to_proof(testbed, sent):
    """Committed and claimed: nobody else sends under that claim, and the venue proves what became of it."""
    open_one(testbed)
    handed, testbed.handed = testbed.handed, []
    for index in sent:
        handed[index]()
    testbed.collect()
    testbed.pass_time(OVERDUE_MS + 1)
    testbed.quiesce()
    assert sent_once(testbed)
    assert not testbed.drifts()
    assert all(order.is_terminal for order in orders(testbed))
    assert not testbed.trades.active(SESSION) or not testbed.trades.alone(SESSION)


def test_who_dies_after_the_bytes_finds_the_order_and_sends_none(testbed):
    open_one(testbed)
    testbed.wire.calls_left, testbed.wire.after = 0, True  # the call of the venue is the first
    with pytest.raises(Killed):
        testbed.handed.pop(0)()
    testbed.wire.calls_left = -1
    run_handed(testbed)
    testbed.pass_time(OVERDUE_MS + 1)
    testbed.quiesce()
    assert sent_once(testbed)
    assert not testbed.drifts()


def test_a_message_for_a_claimed_order_sends_nothing(testbed):
    open_one(testbed)
    for order in orders(testbed):
        assert testbed.execute.place(order.client_order_id).state is OrderState.SUBMITTED
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)


class Outdated:
    """A store in which something is always decided right before an entry."""

    def __init__(self, trades) -> None:
        self._trades = trades

    def __getattr__(self, name):
        return getattr(self._trades, name)

    def open_reviewed(self, *given):
        given[-1]()
        return False


def test_claims_of_a_commit_whose_answer_was_lost_are_not_handed_out(testbed):
    """What was written goes through the queue, under a claim of its own."""
    open_trade = testbed.trades.open_trade

    class Twice(Outdated):
        def open_trade(self, *args):
            assert isinstance(open_trade(*args), Approved)
            return open_trade(*args)

    testbed.evaluate = replace(testbed.evaluate, trades=Twice(testbed.trades))
    open_one(testbed)
    run_handed(testbed)
    assert [(order.state, order.fence) for order in orders(testbed)] == [(OrderState.INTENT, 1)] * 2
    assert messages(testbed) == [PLACE] * 2
    run_due(testbed)
    assert sent_once(testbed)
    assert all(order.fence == 2 for order in orders(testbed))


def test_a_commit_that_stays_unknown_has_nothing_go(testbed):
    class Away(Outdated):
        def open_trade(self, *args):
            testbed.trades.open_trade(*args)
            raise StoreUnavailable("the answer was lost")

    testbed.evaluate = replace(testbed.evaluate, trades=Away(testbed.trades))
    testbed.premium(60)
    with pytest.raises(StoreUnavailable):
        testbed.evaluate_now()
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    testbed.pass_time(OVERDUE_MS + 1)
    testbed.quiesce()
    assert sent_once(testbed)
    assert all(order.is_terminal and not order.fills for order in orders(testbed))


def test_a_refused_send_is_retried_by_the_task(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.LIMITED)
    open_one(testbed)
    run_handed(testbed)
    assert PLACE in messages(testbed)
    testbed.pass_time(1_000)
    testbed.premium(60)
    run_due(testbed)
    assert sent_once(testbed)
    assert all(order.state is OrderState.FILLED for order in orders(testbed))


def foreseen(testbed: EngineTestbed) -> None:
    """Have what the next entry is reviewed by be read ahead."""
    evaluate = testbed.evaluate
    for direction in PAIR.directions:
        evaluate.enter.exposure.want((BTC, direction))
    evaluate.enter.exposure.read()


class Watched:
    """A store that looks at what senders have in hand while it commits, and may do something then."""

    def __init__(self, testbed: EngineTestbed, meanwhile=lambda: None) -> None:
        self._testbed, self._meanwhile, self.in_hand = testbed, meanwhile, []

    def __getattr__(self, name):
        found = getattr(self._testbed.trades, name)
        if name not in ("open_trade", "open_reviewed", "add_orders"):
            return found

        def look() -> None:
            self.in_hand.append((name, len(self._testbed.handed)))
            self._meanwhile()

        def watched(*given):
            if name != "open_reviewed":
                look()
                return found(*given)
            *given, meanwhile = given
            return found(*given, lambda: (meanwhile(), look()))

        return watched


def watching(testbed: EngineTestbed, meanwhile=lambda: None) -> Watched:
    store = Watched(testbed, meanwhile)
    testbed.evaluate = replace(testbed.evaluate, trades=store)
    return store


def test_senders_have_an_entry_ready_while_it_is_committed(testbed):
    store = watching(testbed)
    foreseen(testbed)
    open_one(testbed)
    assert store.in_hand == [("open_reviewed", 1)]
    run_handed(testbed)
    assert [len(testbed.orders_at(venue)) for venue in testbed.venues] == [1, 1]


def test_senders_have_an_exit_ready_while_it_is_committed(testbed):
    open_one(testbed)
    run_handed(testbed)
    run_due(testbed)
    store = watching(testbed)
    testbed.premium(-60)
    assert testbed.evaluate_now() == 1
    assert store.in_hand == [("add_orders", 1)]


def test_what_the_review_denies_is_in_nobodys_hand(testbed):
    """Room within a venue's limits is not spent on it."""
    testbed.evaluate = replace(testbed.evaluate, limits=replace(testbed.evaluate.limits, trades_open_max=0))
    store = watching(testbed)
    foreseen(testbed)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert store.in_hand == []
    assert not testbed.handed


def halt(testbed: EngineTestbed) -> None:
    testbed.sessions.set_mode(SESSION, Mode.HALTED, "test", testbed.clock.now_ns())


def test_what_was_decided_since_keeps_an_entry_that_is_ready_from_going(testbed):
    store = watching(testbed, lambda: halt(testbed))
    foreseen(testbed)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert store.in_hand == [("open_reviewed", 1), ("open_trade", 1)]
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    assert not testbed.tables.orders


def test_what_was_decided_since_and_allows_it_has_it_go_once(testbed):
    def beside() -> None:
        testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "a", testbed.clock.now_ns())
        testbed.hand.pause(
            SESSION, CoinPause(coin=Coin("XRP"), since_ns=testbed.clock.now_ns(), by="me", reason="")
        )
        testbed.sessions.set_mode(SESSION, Mode.NORMAL, "b", testbed.clock.now_ns())

    store = watching(testbed, beside)
    foreseen(testbed)
    open_one(testbed)
    assert store.in_hand == [("open_reviewed", 1), ("open_trade", 1)]
    assert len(testbed.handed) == 2
    run_handed(testbed)
    assert [len(testbed.orders_at(venue)) for venue in testbed.venues] == [1, 1]


def test_a_commit_whose_answer_was_lost_has_nothing_go_that_was_ready(testbed):
    class Twice:
        def __getattr__(self, name):
            return getattr(testbed.trades, name)

        def open_reviewed(self, *args):
            assert testbed.trades.open_reviewed(*args)
            return testbed.trades.open_reviewed(*args)

    testbed.evaluate = replace(testbed.evaluate, trades=Twice())
    foreseen(testbed)
    open_one(testbed)
    assert testbed.handed
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    assert [(order.state, order.fence) for order in orders(testbed)] == [(OrderState.INTENT, 1)] * 2
    run_due(testbed)
    assert sent_once(testbed)


def test_an_exit_that_somebody_else_closed_meanwhile_does_not_go(testbed):
    open_one(testbed)
    run_handed(testbed)
    run_due(testbed)
    due = list(testbed.trades.active(SESSION))

    def beside() -> None:
        if due:
            testbed.trades.add_orders(replace(due.pop().trade, reason="other"), ())

    store = watching(testbed, beside)
    testbed.premium(-60)
    testbed.evaluate_now()
    assert store.in_hand[0] == ("add_orders", 1)
    run_handed(testbed)
    sent = [order for venue in testbed.venues.values() for order in venue.sent.values()]
    assert {order.purpose for order in sent} == {Purpose.ENTRY}


def test_a_switch_pulled_while_it_is_committed_stops_both_legs(testbed):
    watching(testbed, lambda: testbed.switch.engage("test", testbed.clock.now_ns()))
    foreseen(testbed)
    open_one(testbed)
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    assert [order.state for order in orders(testbed)] == [OrderState.DENIED] * 2


def test_what_waited_for_its_commit_beyond_its_lifetime_is_not_sent(testbed):
    open_one(testbed)
    testbed.pass_time(3_000)
    run_handed(testbed)
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)
    assert [order.state for order in orders(testbed)] == [OrderState.EXPIRED] * 2


class Threads:
    """Senders that begin at once."""

    def __init__(self) -> None:
        self.threads: list[Thread] = []

    def __call__(self, _orders: int) -> "Threads":
        return self

    def run(self, work) -> None:
        self.threads.append(Thread(target=work))
        self.threads[-1].start()

    def give_back(self) -> None: ...


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_second_order_gets_ready_once_the_first_one_is(testbed, is_refused):
    """Not beside it: both would wait for one interpreter, and the first one for the second."""
    seats, ready, gone = Threads(), [], []
    both = Event()

    def deliver(order: Order, clearance: Clearance) -> None:
        ready.append(order.venue)
        if len(ready) == 2:
            both.set()
        with suppress(NotCommitted):
            clearance.await_commit()
            gone.append(order.venue)

    store = watching(testbed, lambda: both.wait(10) or pytest.fail("the second one was not told"))
    testbed.evaluate = replace(testbed.evaluate, trades=store, reserve=seats, deliver=deliver)
    if is_refused:
        store.open_reviewed = lambda *given: [given[-1](), both.wait(10)] == []
        store.open_trade = lambda *_given: Denied("test")
    testbed.premium(60)
    assert testbed.evaluate_now() == (0 if is_refused else 1)
    for thread in seats.threads:
        thread.join(10)
    assert len(seats.threads) == len(ready) == 2
    assert sorted(gone) == ([] if is_refused else sorted(ready))


def test_what_was_denied_hands_no_second_order_over(testbed):
    """The first one may be told only after it."""
    handed = []
    seats = Threads()
    seats.run = handed.append
    testbed.evaluate = replace(testbed.evaluate, reserve=seats, trades=Outdated(testbed.trades))
    testbed.evaluate.trades.open_trade = lambda *_given: Denied("test")
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    handed.pop()()
    assert not handed
    assert not any(testbed.orders_at(venue) for venue in testbed.venues)


def test_a_review_under_the_locks_is_decided_alone_too(testbed):
    """An exit reads what is free and spends it while no entry is decided, in whichever way that goes."""
    seen = []

    class Watching(Outdated):
        def open_trade(self, *given):
            seen.append(testbed.evaluate.enter.exposure._deciding.locked())
            return self._trades.open_trade(*given)

    testbed.evaluate = replace(testbed.evaluate, trades=Watching(testbed.trades))
    open_one(testbed)
    assert seen == [True]
    assert not testbed.evaluate.enter.exposure._deciding.locked()


def test_both_orders_go_whatever_fails_after_their_commit(testbed, monkeypatch):
    def fail(*_given):
        raise ValueError("a mistake")

    monkeypatch.setattr(ExposureAhead, "entered", fail)
    testbed.premium(60)
    with pytest.raises(ValueError, match="mistake"):
        testbed.evaluate_now()
    run_handed(testbed)
    assert [len(testbed.orders_at(venue)) for venue in testbed.venues] == [1, 1]
