"""One intent, at most one order: sent, recorded, and asked about."""

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import AgainstRules, Fatal, OutcomeUnknown, RateLimited, Rejected, VenueError
from arb.domain.health.alert import Severity
from arb.domain.market.ids import ClientOrderId, Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Order, OrderState, Purpose
from arb.engine.trading.execute import FIRST_ASK, FOLLOW_MS, WORKING_MS_MAX
from arb.engine.trading.settle import FIRST_LOOK
from tests.domain.markets import PAIR
from tests.engine.town import OVERDUE_NS, SESSION, Town, open_one, run_due


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_rate_limited_order_pauses_its_venue_for_every_process(town):
    town.venues[Venue.UPBIT].troubles.append(Trouble.LIMITED)
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    paused_ns = town.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == town.clock.now_ns() + 100 * NS_PER_MS


def test_a_venue_that_loses_an_order_and_asks_for_a_pause_gets_it(town):
    """A 503 with Retry-After: nobody knows of the order, and everybody leaves the venue alone."""
    order_id = intent(town, Venue.UPBIT)
    error = OutcomeUnknown(Venue.UPBIT, "HTTP 503")
    error.pause_ms = 30_000

    def place(order: Order) -> None:
        raise error

    town.venues[Venue.UPBIT].place = place
    order = town.execute.place(order_id)
    assert town.trades.order(order.client_order_id).state is OrderState.UNKNOWN
    paused_ns = town.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == town.clock.now_ns() + 30_000 * NS_PER_MS


def test_retries_are_bounded_and_the_leg_ends_within_its_lifetime(town):
    town.venues[Venue.UPBIT].troubles.extend([Trouble.REFUSED] * 50)
    open_one(town)
    for _ in range(60):
        town.premium(60)
        run_due(town)
        town.pass_time(50)
    upbit = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.UPBIT]
    entry = next(order for order in upbit if order.purpose is Purpose.ENTRY)
    assert entry.state is OrderState.EXPIRED
    assert entry.attempts <= 8
    assert not entry.fills


PLACE, RESOLVE, SETTLE = "arb.place_order", "arb.resolve_order", "arb.settle_trade"


def on(town: Town, venue: Venue) -> Order:
    (order,) = [row.order for row in town.tables.orders.values() if row.order.venue is venue]
    return order


def sent(town: Town) -> list[tuple]:
    """Return what was sent since the last look: task, its arguments but the id, and the delay."""
    return [(task, args[1:], delay_ms) for task, args, delay_ms in town.dispatcher.take()]


def intent(town: Town, venue: Venue, *troubles: Trouble) -> ClientOrderId:
    """Open a pair, and return the order on one venue, which meets trouble when it is sent."""
    open_one(town)
    town.venues[venue].troubles.extend(troubles)
    return on(town, venue).client_order_id


def claimed(town: Town, venue: Venue) -> Order:
    """Return the order of a sender that died before a byte left."""
    order = town.trades.claim(intent(town, venue), town.clock.now_ns())
    assert order is not None
    return order


def unknown(town: Town, venue: Venue) -> ClientOrderId:
    """Return an order whose outcome is not known, and of which the venue has heard nothing."""
    order_id = intent(town, venue, Trouble.DROPPED)
    town.execute.place(order_id)
    assert on(town, venue).state is OrderState.UNKNOWN
    town.dispatcher.take()
    return order_id


def failing(town: Town, venue: Venue, error: VenueError) -> None:
    """Have a venue answer every new order with an error."""

    def place(_order):
        raise error

    town.venues[venue].place = place
    town._wire_engine()


# placing


def test_an_order_that_does_not_exist_is_not_sent(town):
    assert town.execute.place("nobody") is None
    assert town.execute.resolve("nobody") is None


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_an_order_that_ended_has_its_trade_settled(town, venue):
    order = town.execute.place(intent(town, venue))
    assert order.state is OrderState.FILLED
    assert sent(town) == [(SETTLE, (FIRST_LOOK,), 0)]


def test_an_order_that_somebody_else_claimed_is_returned_and_not_sent(town):
    order = claimed(town, Venue.BINANCE)
    assert town.execute.place(order.client_order_id) == order
    assert not town.orders_at(Venue.BINANCE)


def test_an_accepted_order_is_asked_about_in_place_until_it_is_over(town):
    order = town.execute.place(intent(town, Venue.UPBIT, Trouble.WAIT))
    assert order.state is OrderState.FILLED
    assert town.clock.slept_ms == [FOLLOW_MS[0]]


def test_an_accepted_order_that_goes_on_working_is_asked_about_by_a_message(town):
    order_id = intent(town, Venue.UPBIT, Trouble.WAIT)
    town.venues[Venue.UPBIT].mute = True
    assert town.execute.place(order_id).state is OrderState.ACCEPTED
    ((task, args, delay_ms),) = sent(town)
    assert (task, args) == (RESOLVE, (FIRST_ASK + 1,))
    assert delay_ms > 0


def test_an_order_whose_answer_is_lost_is_unknown_and_asked_about(town):
    order_id = intent(town, Venue.BINANCE, Trouble.REPLY_LOST)
    town.execute.place(order_id)
    assert on(town, Venue.BINANCE).state is OrderState.UNKNOWN
    assert [(task, args) for task, args, _ in sent(town)] == [(RESOLVE, (FIRST_ASK + 1,))]
    assert town.counters.counts["orders_unknown", "binance"] == 1


def test_an_order_that_is_proven_not_placed_is_an_intent_again_and_sent_later(town):
    town.execute.place(intent(town, Venue.BINANCE, Trouble.REFUSED))
    assert on(town, Venue.BINANCE).state is OrderState.INTENT
    ((task, _, delay_ms),) = sent(town)
    assert task == PLACE
    assert 45 <= delay_ms <= 55


def test_a_venue_that_asks_for_a_longer_wait_gets_it(town):
    failing(town, Venue.BINANCE, RateLimited(Venue.BINANCE, "429", 900))
    town.execute.place(intent(town, Venue.BINANCE))
    assert [delay_ms for _, _, delay_ms in sent(town)] == [900]


def test_a_wait_beyond_the_lifetime_ends_the_order_at_once(town):
    failing(town, Venue.BINANCE, RateLimited(Venue.BINANCE, "429", 3_000))
    town.execute.place(intent(town, Venue.BINANCE))
    assert on(town, Venue.BINANCE).state is OrderState.EXPIRED
    assert sent(town) == [(SETTLE, (FIRST_LOOK,), 0)]


def test_a_refused_order_ends_with_the_venues_reason(town):
    town.execute.place(intent(town, Venue.BINANCE, Trouble.REJECTED))
    assert (on(town, Venue.BINANCE).state, on(town, Venue.BINANCE).reason) == (
        OrderState.REJECTED,
        "binance: refused",
    )
    assert town.counters.counts["orders_rejected", "binance_refused"] == 1
    assert town.announced == []


def test_an_order_against_the_rules_of_its_market_has_them_read_anew(town):
    failing(town, Venue.BINANCE, AgainstRules(Venue.BINANCE, "lot", "-1013"))
    town.execute.place(intent(town, Venue.BINANCE))
    assert [venue for venue, _ in town.announced] == [Venue.BINANCE]


def test_a_key_that_is_refused_halts_the_session_and_pages(town):
    failing(town, Venue.UPBIT, Fatal(Venue.UPBIT, "invalid key"))
    town.execute.place(intent(town, Venue.UPBIT))
    assert on(town, Venue.UPBIT).state is OrderState.REJECTED
    assert town.sessions.get(SESSION).mode is Mode.HALTED
    ((_, alert),) = town.tables.alerts
    assert (alert.kind, alert.severity) == ("venue_fatal", Severity.CRITICAL)


def test_an_order_that_is_refused_for_itself_halts_nothing(town):
    town.execute.place(intent(town, Venue.UPBIT, Trouble.REJECTED))
    assert town.sessions.get(SESSION).mode is Mode.NORMAL


def test_what_a_sender_learns_after_it_was_given_up_is_asked_of_the_venue(town):
    order_id = intent(town, Venue.BINANCE)

    def place(order):
        assert town.trades.lose(order.client_order_id, order.fence, "sender_gone", town.clock.now_ns())
        raise Rejected(Venue.BINANCE, "too late")

    town.venues[Venue.BINANCE].place = place
    town._wire_engine()
    town.execute.place(order_id)
    assert on(town, Venue.BINANCE).state is OrderState.UNKNOWN
    assert [task for task, _, _ in sent(town)] == [RESOLVE]


# asking


def test_asking_about_an_intent_sends_it(town):
    town.execute.resolve(intent(town, Venue.UPBIT))
    assert sent(town)[-1:] == [(PLACE, (), 0)]
    assert on(town, Venue.UPBIT).state is OrderState.INTENT


def test_a_sender_that_may_still_be_at_it_is_left_alone(town):
    order = claimed(town, Venue.BINANCE)
    town.pass_time(OVERDUE_NS // NS_PER_MS - 1)
    assert town.execute.resolve(order.client_order_id).state is OrderState.SUBMITTED


def test_a_sender_that_is_gone_leaves_an_unknown_order(town):
    order = claimed(town, Venue.BINANCE)
    town.pass_time(OVERDUE_NS // NS_PER_MS)
    town.execute.resolve(order.client_order_id)
    assert on(town, Venue.BINANCE).state is OrderState.UNKNOWN


def test_an_absent_order_ends_on_the_venues_proof_only(town):
    order_id = unknown(town, Venue.BINANCE)
    town.pass_time(12_000)
    assert town.execute.resolve(order_id).state is OrderState.UNKNOWN
    town.pass_time(1)
    assert town.execute.resolve(order_id).state is OrderState.EXPIRED
    assert town.counters.counts["orders_resolved", "binance_never_placed"] == 1
    assert sent(town) == [(SETTLE, (FIRST_LOOK,), 0)]


def test_an_order_that_is_found_is_recorded_and_its_trade_settled(town):
    order_id = intent(town, Venue.BINANCE, Trouble.REPLY_LOST)
    town.execute.place(order_id)
    town.dispatcher.take()
    assert town.execute.resolve(order_id).state is OrderState.FILLED
    assert sent(town) == [(SETTLE, (FIRST_LOOK,), 0)]


def test_a_venue_that_cannot_be_asked_proves_nothing_and_is_asked_again(town):
    order_id = unknown(town, Venue.UPBIT)
    town.venues[Venue.UPBIT].mute = True
    assert town.execute.resolve(order_id, FIRST_ASK).state is OrderState.UNKNOWN
    assert [(task, args) for task, args, _ in sent(town)] == [(RESOLVE, (FIRST_ASK + 1,))]
    assert town.counters.counts["venue_errors", "upbit_retryable"] == 1


def test_the_last_attempt_is_followed_by_none(town):
    order_id = unknown(town, Venue.UPBIT)
    town.venues[Venue.UPBIT].mute = True
    town.execute.resolve(order_id)
    assert sent(town) == []


def test_a_venue_that_asks_for_a_pause_while_it_is_asked_gets_no_entries(town):
    order_id = unknown(town, Venue.UPBIT)

    def resolve(_order, *, may_trade):
        raise RateLimited(Venue.UPBIT, "429", 700)

    town.venues[Venue.UPBIT].resolve = resolve
    town._wire_engine()
    town.execute.resolve(order_id)
    paused_ns = town.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == town.clock.now_ns() + 700 * NS_PER_MS


@pytest.mark.parametrize(("age_ms", "is_cancelled"), [(WORKING_MS_MAX - 500, False), (WORKING_MS_MAX, True)])
def test_an_order_that_works_for_too_long_is_cancelled(town, age_ms, is_cancelled):
    order_id = intent(town, Venue.UPBIT, Trouble.WAIT)
    client, cancelled = town.venues[Venue.UPBIT], []
    client.query = lambda _order: None
    client.cancel = lambda order: cancelled.append(order.client_order_id)
    town._wire_engine()
    assert town.execute.place(order_id).state is OrderState.ACCEPTED  # after the waits of FOLLOW_MS
    town.pass_time(age_ms - sum(FOLLOW_MS) + 1)
    town.execute.resolve(order_id)
    assert cancelled == ([order_id] if is_cancelled else [])
