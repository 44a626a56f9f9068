"""Exits while a venue is unwell: few go, small ones find out, a stop-loss is not held back for ever."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import OutcomeUnknown, RateLimited, Retryable
from arb.domain.health.alert import Alert, Severity
from arb.domain.market.ids import Venue
from arb.domain.risk.stability import VenueRecord
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderReport, Purpose
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed
from tests.known_losses.helpers import (
    DEFAULT_STABILITY,
    TunedTestbed,
    alerts,
    closed_trades,
    go_on,
    naked,
    open_trades,
    orders,
    quote,
    reduce_only,
    run_all,
    run_due,
    upbit_books,
)

PAIRS = 12
LOST, UNSENT = "lost", "unsent"


class Told:
    """A store that says this of some venues, whatever happens there."""

    def __init__(self, testbed: EngineTestbed, records=None, failed_of: Venue | None = None) -> None:
        self.testbed, self.told, self.failed_of = testbed, records or {}, failed_of

    def records(self, session_id, since_ns):
        return {**self.testbed.health.records(session_id, since_ns), **self.told}

    def answers(self, session_id, since_ns):
        found = dict(self.testbed.health.answers(session_id, since_ns))
        if self.failed_of is not None:
            now_ns = self.testbed.clock.now_ns()
            found[self.failed_of] = replace(found[self.failed_of], failed=9, failed_at_ns=now_ns)
        return found


@pytest.fixture
def testbed() -> EngineTestbed:
    """With pairs that are all due once the premium has gone."""
    made = TunedTestbed(stability=DEFAULT_STABILITY)
    for _ in range(PAIRS):
        made.premium(60)
        made.evaluate_now()
        run_all(made)
        made.pass_time(500)
    assert len(open_trades(made)) == PAIRS
    reduce_only(made)
    made.pass_time(61_000)
    return made


def break_down(testbed: EngineTestbed, venue: Venue, how: str = LOST) -> Callable[[], None]:
    """Have a venue take no orders; return what mends it."""
    client = testbed.venues[venue]
    place = client.place

    def fails(order: Order) -> OrderReport:
        raise OutcomeUnknown(venue, "HTTP 503") if how == LOST else Retryable(venue, "refused")

    def mend() -> None:
        client.place, client.mute = place, False

    client.place, client.mute = fails, how == LOST
    return mend


def waits(testbed: EngineTestbed) -> dict[str, int]:
    return {why: count for (name, why), count in testbed.counters.counts.items() if name == "exit_waits"}


def exits(testbed: EngineTestbed) -> list[Order]:
    return orders(testbed, Purpose.EXIT)


def converge(testbed: EngineTestbed, for_s: int, step_ms: int = 250) -> None:
    go_on(testbed, for_s * 1_000, step_ms, lambda: testbed.premium(0))


def lose_much(testbed: EngineTestbed, for_s: int) -> None:
    """Let the premium run away, so that every pair is at its stop-loss."""
    go_on(testbed, for_s * 1_000, 250, lambda: quote(testbed, upbit=upbit_books(300)))


def test_of_pairs_due_at_once_few_are_on_their_way_before_the_first_answers(testbed):
    testbed.premium(0)
    assert testbed.evaluate_now() == DEFAULT_STABILITY.exits_unanswered_max
    assert testbed.evaluate_now() == 0  # the messages may be slow
    assert waits(testbed)["venue_unanswered_upbit"] > 0
    run_due(testbed)
    converge(testbed, 5)
    assert len(closed_trades(testbed)) == PAIRS


@pytest.mark.parametrize("how", [LOST, UNSENT])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_of_pairs_due_at_once_few_lose_a_leg_to_a_venue_that_just_went(testbed, venue, how):
    break_down(testbed, venue, how)
    converge(testbed, 8)
    alone = {order.trade_id for order in exits(testbed) if order.fills}
    assert len(alone) <= DEFAULT_STABILITY.circuit_claims_min
    assert len(naked(testbed)) <= DEFAULT_STABILITY.circuit_claims_min


def test_good_answers_of_the_last_minute_do_not_hide_that_a_venue_is_away(testbed):
    """Many orders that went well within the window keep its score high."""
    for _ in range(20):
        testbed.premium(0)
        if len(closed_trades(testbed)) >= PAIRS // 2:
            break
        testbed.evaluate_now()
        run_due(testbed)
        testbed.pass_time(100)
    left = len(open_trades(testbed))
    assert left > DEFAULT_STABILITY.circuit_claims_min
    break_down(testbed, Venue.BINANCE)
    converge(testbed, 30)
    assert len(naked(testbed)) <= DEFAULT_STABILITY.circuit_claims_min


def test_a_long_maintenance_costs_little_more_than_a_short_one(testbed):
    break_down(testbed, Venue.BINANCE)
    converge(testbed, 30)
    at_first = len(naked(testbed))
    converge(testbed, 570, step_ms=1_000)
    whole = max(order.quantity for order in exits(testbed))
    early_ns = exits(testbed)[0].created_at_ns + 30 * NS_PER_S
    later = [order for order in exits(testbed) if order.created_at_ns > early_ns]
    assert at_first <= DEFAULT_STABILITY.circuit_claims_min
    assert len(later) // 2 <= 11  # one a minute
    assert sum(order.quantity < whole / 10 for order in later) >= len(later) - 2


@pytest.mark.parametrize("how", [LOST, UNSENT])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_all_are_closed_when_the_venue_is_back(testbed, venue, how):
    mend = break_down(testbed, venue, how)
    converge(testbed, 40)
    mend()
    converge(testbed, 120)
    assert len(closed_trades(testbed)) == PAIRS
    assert not naked(testbed)
    assert not testbed.drifts()


def test_after_a_row_of_failures_one_small_exit_goes_at_a_time(testbed):
    mend = break_down(testbed, Venue.UPBIT, UNSENT)
    converge(testbed, 25)
    mend()
    before = {order.client_order_id for order in exits(testbed)}
    while len(exits(testbed)) == len(before):
        testbed.premium(0)
        testbed.evaluate_now()
        testbed.pass_time(250)
    tried = [order for order in exits(testbed) if order.client_order_id not in before]
    assert {order.trade_id for order in tried} == {tried[0].trade_id}
    whole = max(order.quantity for order in exits(testbed))
    assert max(order.quantity for order in tried) < whole / 10


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_stop_loss_does_not_go_into_a_pause_that_a_venue_asked_for(testbed, venue):
    testbed.health.pause(SESSION, venue, testbed.clock.now_ns() + 3_600 * NS_PER_S, "418")
    lose_much(testbed, 300)
    assert exits(testbed) == []
    assert waits(testbed)[f"venue_paused_{venue}"] > 0


def unsettled(testbed: EngineTestbed, venue: Venue) -> None:
    """Have every other order of the last moments fail, so that the score is bad and no circuit open."""
    bad = VenueRecord(claims=40, troubles=30, last_trouble_ns=testbed.clock.now_ns())
    testbed.evaluate.guard.stability._store = Told(testbed, {venue: bad})


def test_a_stop_loss_passes_a_bad_score_and_other_exits_wait_for_a_better_one(testbed):
    unsettled(testbed, Venue.UPBIT)
    converge(testbed, 5)
    assert exits(testbed) == []
    assert waits(testbed)["venue_unstable_upbit"] > 0
    lose_much(testbed, 5)
    assert len(closed_trades(testbed)) == PAIRS


def flapping(testbed: EngineTestbed, venue: Venue) -> Iterator[None]:
    """Take no orders for 25 s of each 30 s."""
    while True:
        mend = break_down(testbed, venue, UNSENT)
        yield from [None] * 100
        mend()
        yield from [None] * 20


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_flapping_venue_does_not_hold_a_stop_loss_back_for_ever(testbed, venue):
    flaps = flapping(testbed, venue)

    def step() -> None:
        next(flaps)
        quote(testbed, upbit=upbit_books(300))

    go_on(testbed, 600_000, 250, step)
    assert len(closed_trades(testbed)) == PAIRS
    assert not testbed.drifts()


def test_a_circuit_that_others_open_again_and_again_lets_a_stop_loss_out_once_a_minute(testbed):
    """Orders of other pairs fail at every moment; the stop-loss is tried all the same, one at a time."""
    testbed.evaluate.guard.stability._store = Told(testbed, failed_of=Venue.UPBIT)
    lose_much(testbed, 59)
    assert exits(testbed) == []
    lose_much(testbed, 125)
    assert len(exits(testbed)) // 2 in (2, 3)


def test_a_pair_that_waits_for_minutes_is_told_once_and_again_when_it_gets_worse(testbed):
    testbed.health.pause(SESSION, Venue.UPBIT, testbed.clock.now_ns() + 3_600 * NS_PER_S, "418")

    def told() -> list[Alert]:
        return [alert for alert in alerts(testbed) if alert.kind == "exit_held"]

    converge(testbed, 115)
    assert told() == []
    converge(testbed, 60)
    assert [(alert.severity, alert.grade) for alert in told()] == [(Severity.WARNING, 0)] * PAIRS
    assert "venue_paused_upbit" in told()[0].message
    lose_much(testbed, 10)
    assert [alert.severity for alert in told()[PAIRS:]] == [Severity.CRITICAL] * PAIRS
    lose_much(testbed, 200)
    assert len(told()) == 2 * PAIRS
    lose_much(testbed, 150)
    assert [alert.grade for alert in told()[2 * PAIRS :]] == [1] * PAIRS


def test_a_429_of_a_moment_holds_nothing_back_for_longer_than_it_says(testbed):
    client = testbed.venues[Venue.BINANCE]
    place, limited = client.place, []

    def once(order: Order) -> OrderReport:
        if not limited:
            limited.append(order)
            raise RateLimited(Venue.BINANCE, "429", 5_000)
        return place(order)

    client.place = once
    converge(testbed, 4)
    assert len({order.trade_id for order in exits(testbed)}) <= DEFAULT_STABILITY.exits_unanswered_max
    converge(testbed, 30)
    assert len(closed_trades(testbed)) == PAIRS
    assert sum((abs(amount) for amount in testbed.drifts().values()), Decimal(0)) == 0
