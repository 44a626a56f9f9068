"""The life of an order as a table, and the fold of reports into it."""

from dataclasses import replace

import pytest

from arb.domain.errors import IllegalTransition
from arb.domain.market.ids import Venue
from arb.domain.trading.order import (
    AT_VENUE,
    TERMINAL,
    TRANSITIONS,
    OrderEvent,
    OrderState,
    apply,
    fold,
    transition,
)
from tests.contracts import world


def order(state=OrderState.SUBMITTED, *fills):
    return replace(world.opening("s").on(Venue.UPBIT), state=state, fence=1, fills=fills)


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(OrderState)


def test_every_state_is_an_intent_at_the_venue_or_ended():
    assert {OrderState.INTENT} | AT_VENUE | TERMINAL == set(OrderState)
    assert not AT_VENUE & TERMINAL


def test_every_state_but_the_first_can_be_reached():
    assert {to for row in TRANSITIONS.values() for to in row.values()} == set(OrderState)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("event", OrderEvent)
def test_an_event_follows_the_table_or_raises_and_changes_nothing(state, event):
    before = order(state)
    untouched = replace(before)
    if event in TRANSITIONS[state]:
        assert apply(before, event).state is TRANSITIONS[state][event]
        return
    with pytest.raises(IllegalTransition) as caught:
        apply(before, event)
    assert (caught.value.state, caught.value.event) == (state, event)
    assert before == untouched


@pytest.mark.parametrize("event", [OrderEvent.CLAIM, OrderEvent.RELEASE, OrderEvent.DENY, OrderEvent.LOSE])
def test_only_evidence_moves_an_unknown(event):
    with pytest.raises(IllegalTransition):
        transition("order", OrderState.UNKNOWN, event)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_ended_never_works_again(state):
    assert set(TRANSITIONS[state].values()) <= TERMINAL


@pytest.mark.parametrize("state", [OrderState.SUBMITTED, OrderState.UNKNOWN])
def test_a_fill_that_says_filled_too_early_waits_for_the_rest(state):
    before = order(state)
    early = fold(before, world.report(before, OrderState.FILLED))
    assert (early.order.state, early.events) == (OrderState.ACCEPTED, (OrderEvent.ACCEPT,))
    part = fold(early.order, world.report(before, OrderState.FILLED, world.fill(before, "0.004")))
    assert part.order.state is OrderState.PARTIALLY_FILLED
    rest = fold(part.order, world.report(before, OrderState.FILLED, world.fill(before, "0.006")))
    assert rest.order.state is OrderState.FILLED


def test_an_acceptance_that_overtook_is_no_news():
    before = order(OrderState.SUBMITTED)
    filled = fold(before, world.filled(before)).order
    assert fold(filled, world.report(before, OrderState.ACCEPTED)).events == ()


def test_an_acceptance_that_brings_a_fill_is_partial():
    before = order()
    folded = fold(before, world.report(before, OrderState.ACCEPTED, world.fill(before, "0.004")))
    assert folded.order.state is OrderState.PARTIALLY_FILLED


def test_fills_are_kept_by_the_venues_time():
    before = order()
    first, second = world.fill(before, "0.004"), world.fill(before, "0.003")
    late = fold(before, world.report(before, OrderState.PARTIALLY_FILLED, second)).order
    both = fold(late, world.report(before, OrderState.PARTIALLY_FILLED, first)).order
    assert both.fills == (first, second)


def test_the_same_fill_twice_in_one_report_is_one_fill():
    before = order()
    fill = world.fill(before, "0.004")
    folded = fold(before, world.report(before, OrderState.PARTIALLY_FILLED, fill, fill))
    assert folded.new_fills == folded.order.fills == (fill,)


def test_a_fill_may_race_our_cancel():
    before = order(OrderState.CANCELED)
    part = fold(before, world.report(before, OrderState.CANCELED, world.fill(before, "0.004"))).order
    assert (part.state, part.filled_quantity) == (OrderState.CANCELED, part.fills[0].quantity)
    whole = fold(part, world.report(before, OrderState.CANCELED, world.fill(before, "0.006"))).order
    assert whole.state is OrderState.FILLED


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.DENIED, OrderState.INTENT])
def test_a_fill_of_what_was_never_placed_is_a_contradiction(state):
    before = order(state)
    with pytest.raises(IllegalTransition):
        fold(before, world.report(before, OrderState.PARTIALLY_FILLED, world.fill(before, "0.004")))


def test_the_venues_id_is_learnt_and_kept():
    before = order()
    learnt = fold(before, world.report(before, OrderState.ACCEPTED)).order
    other = replace(world.report(before, OrderState.ACCEPTED), venue_order_id=None)
    assert fold(learnt, other).order.venue_order_id == f"v-{before.client_order_id}"
