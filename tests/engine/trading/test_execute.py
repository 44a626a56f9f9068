"""One intent, at most one order: sent, recorded, and asked about."""

from dataclasses import replace

import pytest

from arb.adapters.memory.venue import MemoryVenue, Trouble
from arb.domain.errors import AgainstRules, Fatal, OutcomeUnknown, RateLimited, Rejected, VenueError
from arb.domain.health.alert import Severity
from arb.domain.market.ids import ClientOrderId, Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Order, OrderEvent, OrderState, Purpose
from arb.engine.trading.execute import FIRST_ASK, FOLLOW_MS, WORKING_MS_MAX
from tests.domain.markets import PAIR
from tests.engine.testbed import OVERDUE_NS, SESSION, EngineTestbed, Tripwire, open_one, run_due


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def test_a_rate_limited_order_pauses_its_venue_for_every_process(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.LIMITED)
    open_one(testbed)
    testbed.run_one(0)
    testbed.run_one(0)
    paused_ns = testbed.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == testbed.clock.now_ns() + 100 * NS_PER_MS


def test_a_venue_that_loses_an_order_and_asks_for_a_pause_gets_it(testbed):
    """A 503 with Retry-After: nobody knows of the order, and everybody leaves the venue alone."""
    order_id = intent(testbed, Venue.UPBIT)
    error = OutcomeUnknown(Venue.UPBIT, "HTTP 503")
    error.pause_ms = 30_000

    def place(order: Order) -> None:
        raise error

    testbed.venues[Venue.UPBIT].place = place
    order = testbed.execute.place(order_id)
    assert testbed.trades.order(order.client_order_id).state is OrderState.UNKNOWN
    paused_ns = testbed.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == testbed.clock.now_ns() + 30_000 * NS_PER_MS


def test_retries_are_bounded_and_the_leg_ends_within_its_lifetime(testbed):
    testbed.venues[Venue.UPBIT].troubles.extend([Trouble.REFUSED] * 50)
    open_one(testbed)
    for _ in range(60):
        testbed.premium(60)
        run_due(testbed)
        testbed.pass_time(50)
    upbit = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.UPBIT]
    entry = next(order for order in upbit if order.purpose is Purpose.ENTRY)
    assert entry.state is OrderState.EXPIRED
    assert entry.attempts <= 8
    assert not entry.fills


PLACE, RESOLVE = "arb.place_order", "arb.resolve_order"


def on(testbed: EngineTestbed, venue: Venue) -> Order:
    (order,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is venue]
    return order


def sent(testbed: EngineTestbed) -> list[tuple]:
    """Return what was sent since the last look: task, its arguments but the id, and the delay."""
    return [(task, args[1:], delay_ms) for task, args, delay_ms in testbed.dispatcher.take()]


def intent(testbed: EngineTestbed, venue: Venue, *troubles: Trouble) -> ClientOrderId:
    """Open a pair, and return the order on one venue, which meets trouble when it is sent."""
    open_one(testbed)
    testbed.venues[venue].troubles.extend(troubles)
    return on(testbed, venue).client_order_id


def claimed(testbed: EngineTestbed, venue: Venue) -> Order:
    """Return the order of a sender that died before a byte left."""
    order = testbed.trades.claim(intent(testbed, venue), testbed.clock.now_ns())
    assert order is not None
    return order


def unknown(testbed: EngineTestbed, venue: Venue) -> ClientOrderId:
    """Return an order whose outcome is not known, and of which the venue has heard nothing."""
    order_id = intent(testbed, venue, Trouble.DROPPED)
    testbed.execute.place(order_id)
    assert on(testbed, venue).state is OrderState.UNKNOWN
    testbed.dispatcher.take()
    return order_id


def failing(testbed: EngineTestbed, venue: Venue, error: VenueError) -> None:
    """Have a venue answer every new order with an error."""

    def place(_order):
        raise error

    testbed.venues[venue].place = place
    testbed._wire_engine()


def ends(testbed: EngineTestbed) -> list[Order]:
    """Return a list that fills with the orders that were seen to end."""
    seen: list[Order] = []
    testbed.execute = replace(testbed.execute, ended=seen.append)
    return seen


# placing


def test_an_order_that_does_not_exist_is_not_sent(testbed):
    assert testbed.execute.place("nobody") is None
    assert testbed.execute.resolve("nobody") is None


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_an_order_that_ended_has_its_trade_settled(testbed, venue):
    order_id, seen = intent(testbed, venue), ends(testbed)
    testbed.dispatcher.take()
    order = testbed.execute.place(order_id)
    assert order.state is OrderState.FILLED
    assert (seen, sent(testbed)) == ([order], [])


def test_an_order_that_somebody_else_claimed_is_returned_and_not_sent(testbed):
    order = claimed(testbed, Venue.BINANCE)
    assert testbed.execute.place(order.client_order_id) == order
    assert not testbed.orders_at(Venue.BINANCE)


def test_an_accepted_order_is_asked_about_in_place_until_it_is_over(testbed):
    order = testbed.execute.place(intent(testbed, Venue.UPBIT, Trouble.WAIT))
    assert order.state is OrderState.FILLED
    assert testbed.clock.slept_ms == [FOLLOW_MS[0]]


def test_an_accepted_order_that_goes_on_working_is_asked_about_by_a_message(testbed):
    order_id = intent(testbed, Venue.UPBIT, Trouble.WAIT)
    testbed.venues[Venue.UPBIT].mute = True
    assert testbed.execute.place(order_id).state is OrderState.ACCEPTED
    ((task, args, delay_ms),) = sent(testbed)
    assert (task, args) == (RESOLVE, (FIRST_ASK + 1,))
    assert delay_ms > 0


def test_an_order_whose_answer_is_lost_is_unknown_and_asked_about(testbed):
    order_id = intent(testbed, Venue.BINANCE, Trouble.REPLY_LOST)
    testbed.execute.place(order_id)
    assert on(testbed, Venue.BINANCE).state is OrderState.UNKNOWN
    assert [(task, args) for task, args, _ in sent(testbed)] == [(RESOLVE, (FIRST_ASK + 1,))]
    assert testbed.counters.counts["orders_unknown", "binance"] == 1


def test_an_order_that_is_proven_not_placed_is_an_intent_again_and_sent_later(testbed):
    testbed.execute.place(intent(testbed, Venue.BINANCE, Trouble.REFUSED))
    assert on(testbed, Venue.BINANCE).state is OrderState.INTENT
    ((task, _, delay_ms),) = sent(testbed)
    assert task == PLACE
    assert 45 <= delay_ms <= 55


def test_a_venue_that_asks_for_a_longer_wait_gets_it(testbed):
    failing(testbed, Venue.BINANCE, RateLimited(Venue.BINANCE, "429", 900))
    testbed.execute.place(intent(testbed, Venue.BINANCE))
    assert [delay_ms for _, _, delay_ms in sent(testbed)] == [900]


def test_a_wait_beyond_the_lifetime_ends_the_order_at_once(testbed):
    failing(testbed, Venue.BINANCE, RateLimited(Venue.BINANCE, "429", 3_000))
    seen = ends(testbed)
    testbed.execute.place(intent(testbed, Venue.BINANCE))
    assert on(testbed, Venue.BINANCE).state is OrderState.EXPIRED
    assert [order.venue for order in seen] == [Venue.BINANCE]
    assert sent(testbed) == []


def test_a_refused_order_ends_with_the_venues_reason(testbed):
    testbed.execute.place(intent(testbed, Venue.BINANCE, Trouble.REJECTED))
    assert (on(testbed, Venue.BINANCE).state, on(testbed, Venue.BINANCE).reason) == (
        OrderState.REJECTED,
        "binance: refused",
    )
    assert testbed.counters.counts["orders_rejected", "binance_refused"] == 1
    assert testbed.announced == []


def test_an_order_against_the_rules_of_its_market_has_them_read_anew(testbed):
    failing(testbed, Venue.BINANCE, AgainstRules(Venue.BINANCE, "lot", "-1013"))
    testbed.execute.place(intent(testbed, Venue.BINANCE))
    assert [venue for venue, _ in testbed.announced] == [Venue.BINANCE]


def test_a_key_that_is_refused_halts_the_session_and_pages(testbed):
    failing(testbed, Venue.UPBIT, Fatal(Venue.UPBIT, "invalid key"))
    testbed.execute.place(intent(testbed, Venue.UPBIT))
    assert on(testbed, Venue.UPBIT).state is OrderState.REJECTED
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    ((_, alert),) = testbed.tables.alerts
    assert (alert.kind, alert.severity) == ("venue_fatal", Severity.CRITICAL)


def test_an_order_that_is_refused_for_itself_halts_nothing(testbed):
    testbed.execute.place(intent(testbed, Venue.UPBIT, Trouble.REJECTED))
    assert testbed.sessions.get(SESSION).mode is Mode.NORMAL


def test_what_a_sender_learns_after_it_was_given_up_is_asked_of_the_venue(testbed):
    order_id = intent(testbed, Venue.BINANCE)

    def place(order):
        assert testbed.trades.lose(order.client_order_id, order.fence, "sender_gone", testbed.clock.now_ns())
        raise Rejected(Venue.BINANCE, "too late")

    testbed.venues[Venue.BINANCE].place = place
    testbed._wire_engine()
    testbed.execute.place(order_id)
    assert on(testbed, Venue.BINANCE).state is OrderState.UNKNOWN
    assert [task for task, _, _ in sent(testbed)] == [RESOLVE]


# asking


def test_asking_about_an_intent_sends_it(testbed):
    testbed.execute.resolve(intent(testbed, Venue.UPBIT))
    assert sent(testbed)[-1:] == [(PLACE, (), 0)]
    assert on(testbed, Venue.UPBIT).state is OrderState.INTENT


def test_what_a_stream_recorded_meanwhile_is_not_asked_for_and_settled_by_who_recorded_it(
    testbed, monkeypatch
):
    order_id, seen, asked = intent(testbed, Venue.UPBIT, Trouble.WAIT), ends(testbed), []
    client = testbed.venues[Venue.UPBIT]

    def hear(_ms):
        testbed.trades.record(client.placed[order_id][0], testbed.clock.now_ns())

    monkeypatch.setattr(type(testbed.clock), "sleep_ms", lambda _clock, ms: hear(ms))
    monkeypatch.setattr(type(client), "query", lambda *_: asked.append(order_id))
    order = testbed.execute.place(order_id)
    assert (order.state, asked, seen) == (OrderState.FILLED, [], [])
    row = testbed.tables.orders[order_id]
    assert [each.event for each in row.events] == [OrderEvent.CLAIM, OrderEvent.FILL]


def test_a_wait_of_which_no_stream_tells_is_recorded_before_its_result_is_asked_for(testbed, monkeypatch):
    order_id, seen = intent(testbed, Venue.UPBIT, Trouble.WAIT), []
    query = MemoryVenue.query

    def look(client, order):
        seen.append(testbed.tables.orders[order_id].order.state)
        return query(client, order)

    monkeypatch.setattr(MemoryVenue, "query", look)
    assert testbed.execute.place(order_id).state is OrderState.FILLED
    assert seen == [OrderState.ACCEPTED]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(8))
def test_who_dies_while_it_waits_for_a_result_leaves_what_a_sweep_asks_about(testbed, calls, after):
    order_id = intent(testbed, Venue.UPBIT, Trouble.WAIT)
    number = [args[0] for _, _, args in testbed.pending].index(order_id)
    testbed.run_one(number, trip=Tripwire(calls, after=after))
    testbed.quiesce()
    assert testbed.tables.orders[order_id].order.is_terminal
    assert all(count == 1 for venue in PAIR.venues for count in testbed.orders_at(venue).values())
    assert not testbed.drifts()


def test_a_sender_that_may_still_be_at_it_is_left_alone(testbed):
    order = claimed(testbed, Venue.BINANCE)
    testbed.pass_time(OVERDUE_NS // NS_PER_MS - 1)
    assert testbed.execute.resolve(order.client_order_id).state is OrderState.SUBMITTED


def test_a_sender_that_is_gone_leaves_an_unknown_order(testbed):
    order = claimed(testbed, Venue.BINANCE)
    testbed.pass_time(OVERDUE_NS // NS_PER_MS)
    testbed.execute.resolve(order.client_order_id)
    assert on(testbed, Venue.BINANCE).state is OrderState.UNKNOWN


def test_an_absent_order_ends_on_the_venues_proof_only(testbed):
    order_id = unknown(testbed, Venue.BINANCE)
    testbed.pass_time(12_000)
    assert testbed.execute.resolve(order_id).state is OrderState.UNKNOWN
    testbed.pass_time(1)
    seen = ends(testbed)
    order = testbed.execute.resolve(order_id)
    assert order.state is OrderState.EXPIRED
    assert testbed.counters.counts["orders_resolved", "binance_never_placed"] == 1
    assert (seen, sent(testbed)) == ([order], [])


def test_an_order_that_is_found_is_recorded_and_its_trade_settled(testbed):
    order_id = intent(testbed, Venue.BINANCE, Trouble.REPLY_LOST)
    testbed.execute.place(order_id)
    testbed.dispatcher.take()
    seen = ends(testbed)
    order = testbed.execute.resolve(order_id)
    assert order.state is OrderState.FILLED
    assert (seen, sent(testbed)) == ([order], [])


def test_a_venue_that_cannot_be_asked_proves_nothing_and_is_asked_again(testbed):
    order_id = unknown(testbed, Venue.UPBIT)
    testbed.venues[Venue.UPBIT].mute = True
    assert testbed.execute.resolve(order_id, FIRST_ASK).state is OrderState.UNKNOWN
    assert [(task, args) for task, args, _ in sent(testbed)] == [(RESOLVE, (FIRST_ASK + 1,))]
    assert testbed.counters.counts["venue_errors", "upbit_retryable"] == 1


def test_the_last_attempt_is_followed_by_none(testbed):
    order_id = unknown(testbed, Venue.UPBIT)
    testbed.venues[Venue.UPBIT].mute = True
    testbed.execute.resolve(order_id)
    assert sent(testbed) == []


def test_a_venue_that_asks_for_a_pause_while_it_is_asked_gets_no_entries(testbed):
    order_id = unknown(testbed, Venue.UPBIT)

    def resolve(_order, *, may_trade):
        raise RateLimited(Venue.UPBIT, "429", 700)

    testbed.venues[Venue.UPBIT].resolve = resolve
    testbed._wire_engine()
    testbed.execute.resolve(order_id)
    paused_ns = testbed.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == testbed.clock.now_ns() + 700 * NS_PER_MS


@pytest.mark.parametrize(("age_ms", "is_cancelled"), [(WORKING_MS_MAX - 500, False), (WORKING_MS_MAX, True)])
def test_an_order_that_works_for_too_long_is_cancelled(testbed, age_ms, is_cancelled):
    order_id = intent(testbed, Venue.UPBIT, Trouble.WAIT)
    client, cancelled = testbed.venues[Venue.UPBIT], []
    client.query = lambda _order: None
    client.cancel = lambda order: cancelled.append(order.client_order_id)
    testbed._wire_engine()
    assert testbed.execute.place(order_id).state is OrderState.ACCEPTED  # after the waits of FOLLOW_MS
    testbed.pass_time(age_ms - sum(FOLLOW_MS) + 1)
    testbed.execute.resolve(order_id)
    assert cancelled == ([order_id] if is_cancelled else [])
