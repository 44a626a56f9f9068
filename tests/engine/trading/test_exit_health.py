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
from tests.engine.town import SESSION, Town
from tests.known_losses.helpers import (
    DEFAULT_STABILITY,
    TunedTown,
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

    def __init__(self, town: Town, records=None, failed_of: Venue | None = None) -> None:
        self.town, self.told, self.failed_of = town, records or {}, failed_of

    def records(self, session_id, since_ns):
        return {**self.town.health.records(session_id, since_ns), **self.told}

    def answers(self, session_id, since_ns):
        found = dict(self.town.health.answers(session_id, since_ns))
        if self.failed_of is not None:
            now_ns = self.town.clock.now_ns()
            found[self.failed_of] = replace(found[self.failed_of], failed=9, failed_at_ns=now_ns)
        return found


@pytest.fixture
def town() -> Town:
    """With pairs that are all due once the premium has gone."""
    made = TunedTown(stability=DEFAULT_STABILITY)
    for _ in range(PAIRS):
        made.premium(60)
        made.evaluate_now()
        run_all(made)
        made.pass_time(500)
    assert len(open_trades(made)) == PAIRS
    reduce_only(made)
    made.pass_time(61_000)
    return made


def break_down(town: Town, venue: Venue, how: str = LOST) -> Callable[[], None]:
    """Have a venue take no orders; return what mends it."""
    client = town.venues[venue]
    place = client.place

    def fails(order: Order) -> OrderReport:
        raise OutcomeUnknown(venue, "HTTP 503") if how == LOST else Retryable(venue, "refused")

    def mend() -> None:
        client.place, client.mute = place, False

    client.place, client.mute = fails, how == LOST
    return mend


def waits(town: Town) -> dict[str, int]:
    return {why: count for (name, why), count in town.counters.counts.items() if name == "exit_waits"}


def exits(town: Town) -> list[Order]:
    return orders(town, Purpose.EXIT)


def converge(town: Town, for_s: int, step_ms: int = 250) -> None:
    go_on(town, for_s * 1_000, step_ms, lambda: town.premium(0))


def lose_much(town: Town, for_s: int) -> None:
    """Let the premium run away, so that every pair is at its stop-loss."""
    go_on(town, for_s * 1_000, 250, lambda: quote(town, upbit=upbit_books(300)))


def test_of_pairs_due_at_once_few_are_on_their_way_before_the_first_answers(town):
    town.premium(0)
    assert town.evaluate_now() == DEFAULT_STABILITY.exits_unanswered_max
    assert town.evaluate_now() == 0  # the messages may be slow
    assert waits(town)["venue_unanswered_upbit"] > 0
    run_due(town)
    converge(town, 5)
    assert len(closed_trades(town)) == PAIRS


@pytest.mark.parametrize("how", [LOST, UNSENT])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_of_pairs_due_at_once_few_lose_a_leg_to_a_venue_that_just_went(town, venue, how):
    break_down(town, venue, how)
    converge(town, 8)
    alone = {order.trade_id for order in exits(town) if order.fills}
    assert len(alone) <= DEFAULT_STABILITY.circuit_claims_min
    assert len(naked(town)) <= DEFAULT_STABILITY.circuit_claims_min


def test_good_answers_of_the_last_minute_do_not_hide_that_a_venue_is_away(town):
    """Many orders that went well within the window keep its score high."""
    for _ in range(20):
        town.premium(0)
        if len(closed_trades(town)) >= PAIRS // 2:
            break
        town.evaluate_now()
        run_due(town)
        town.pass_time(100)
    left = len(open_trades(town))
    assert left > DEFAULT_STABILITY.circuit_claims_min
    break_down(town, Venue.BINANCE)
    converge(town, 30)
    assert len(naked(town)) <= DEFAULT_STABILITY.circuit_claims_min


def test_a_long_maintenance_costs_little_more_than_a_short_one(town):
    break_down(town, Venue.BINANCE)
    converge(town, 30)
    at_first = len(naked(town))
    converge(town, 570, step_ms=1_000)
    whole = max(order.quantity for order in exits(town))
    early_ns = exits(town)[0].created_at_ns + 30 * NS_PER_S
    later = [order for order in exits(town) if order.created_at_ns > early_ns]
    assert at_first <= DEFAULT_STABILITY.circuit_claims_min
    assert len(later) // 2 <= 11  # one a minute
    assert sum(order.quantity < whole / 10 for order in later) >= len(later) - 2


@pytest.mark.parametrize("how", [LOST, UNSENT])
@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_all_are_closed_when_the_venue_is_back(town, venue, how):
    mend = break_down(town, venue, how)
    converge(town, 40)
    mend()
    converge(town, 120)
    assert len(closed_trades(town)) == PAIRS
    assert not naked(town)
    assert not town.drifts()


def test_after_a_row_of_failures_one_small_exit_goes_at_a_time(town):
    mend = break_down(town, Venue.UPBIT, UNSENT)
    converge(town, 25)
    mend()
    before = {order.client_order_id for order in exits(town)}
    while len(exits(town)) == len(before):
        town.premium(0)
        town.evaluate_now()
        town.pass_time(250)
    tried = [order for order in exits(town) if order.client_order_id not in before]
    assert {order.trade_id for order in tried} == {tried[0].trade_id}
    whole = max(order.quantity for order in exits(town))
    assert max(order.quantity for order in tried) < whole / 10


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_stop_loss_does_not_go_into_a_pause_that_a_venue_asked_for(town, venue):
    town.health.pause(SESSION, venue, town.clock.now_ns() + 3_600 * NS_PER_S, "418")
    lose_much(town, 300)
    assert exits(town) == []
    assert waits(town)[f"venue_paused_{venue}"] > 0


def unsettled(town: Town, venue: Venue) -> None:
    """Have every other order of the last moments fail, so that the score is bad and no circuit open."""
    bad = VenueRecord(claims=40, troubles=30, last_trouble_ns=town.clock.now_ns())
    town.evaluate.guard.stability._store = Told(town, {venue: bad})


def test_a_stop_loss_passes_a_bad_score_and_other_exits_wait_for_a_better_one(town):
    unsettled(town, Venue.UPBIT)
    converge(town, 5)
    assert exits(town) == []
    assert waits(town)["venue_unstable_upbit"] > 0
    lose_much(town, 5)
    assert len(closed_trades(town)) == PAIRS


def flapping(town: Town, venue: Venue) -> Iterator[None]:
    """Take no orders for 25 s of each 30 s."""
    while True:
        mend = break_down(town, venue, UNSENT)
        yield from [None] * 100
        mend()
        yield from [None] * 20


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_flapping_venue_does_not_hold_a_stop_loss_back_for_ever(town, venue):
    flaps = flapping(town, venue)

    def step() -> None:
        next(flaps)
        quote(town, upbit=upbit_books(300))

    go_on(town, 600_000, 250, step)
    assert len(closed_trades(town)) == PAIRS
    assert not town.drifts()


def test_a_circuit_that_others_open_again_and_again_lets_a_stop_loss_out_once_a_minute(town):
    """Orders of other pairs fail at every moment; the stop-loss is tried all the same, one at a time."""
    town.evaluate.guard.stability._store = Told(town, failed_of=Venue.UPBIT)
    lose_much(town, 59)
    assert exits(town) == []
    lose_much(town, 125)
    assert len(exits(town)) // 2 in (2, 3)


def test_a_pair_that_waits_for_minutes_is_told_once_and_again_when_it_gets_worse(town):
    town.health.pause(SESSION, Venue.UPBIT, town.clock.now_ns() + 3_600 * NS_PER_S, "418")

    def told() -> list[Alert]:
        return [alert for alert in alerts(town) if alert.kind == "exit_held"]

    converge(town, 115)
    assert told() == []
    converge(town, 60)
    assert [(alert.severity, alert.grade) for alert in told()] == [(Severity.WARNING, 0)] * PAIRS
    assert "venue_paused_upbit" in told()[0].message
    lose_much(town, 10)
    assert [alert.severity for alert in told()[PAIRS:]] == [Severity.CRITICAL] * PAIRS
    lose_much(town, 200)
    assert len(told()) == 2 * PAIRS
    lose_much(town, 150)
    assert [alert.grade for alert in told()[2 * PAIRS :]] == [1] * PAIRS


def test_a_429_of_a_moment_holds_nothing_back_for_longer_than_it_says(town):
    client = town.venues[Venue.BINANCE]
    place, limited = client.place, []

    def once(order: Order) -> OrderReport:
        if not limited:
            limited.append(order)
            raise RateLimited(Venue.BINANCE, "429", 5_000)
        return place(order)

    client.place = once
    converge(town, 4)
    assert len({order.trade_id for order in exits(town)}) <= DEFAULT_STABILITY.exits_unanswered_max
    converge(town, 30)
    assert len(closed_trades(town)) == PAIRS
    assert sum((abs(amount) for amount in town.drifts().values()), Decimal(0)) == 0
