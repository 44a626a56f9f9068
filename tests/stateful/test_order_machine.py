"""Every event in every state: legal ones follow the table, illegal ones raise and change nothing."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from arb.domain.errors import IllegalTransition
from arb.domain.trading.order import (
    AT_VENUE,
    TERMINAL,
    TRANSITIONS,
    OrderEvent,
    OrderState,
    apply,
    fold,
    overfill,
)
from tests.contracts import world
from tests.domain.markets import PAIR

REPORTED = (
    OrderState.ACCEPTED,
    OrderState.PARTIALLY_FILLED,
    OrderState.FILLED,
    OrderState.CANCELED,
    OrderState.REJECTED,
    OrderState.EXPIRED,
)
# What we do ourselves; the rest is for the venue to say, in reports.
OURS = frozenset({OrderEvent.CLAIM, OrderEvent.RELEASE, OrderEvent.LOSE, OrderEvent.DENY, OrderEvent.ABSENT})


class OrderMachine(RuleBasedStateMachine):
    """One order and whatever may happen to it."""

    @initialize(venue=st.sampled_from(PAIR.venues))
    def intend(self, venue):
        self.order = world.opening("s").on(venue)
        self.before = self.order

    @rule(event=st.sampled_from(OrderEvent))
    def happen(self, event):
        self.before = self.order
        if event in TRANSITIONS[self.order.state]:
            after = apply(self.order, event, "why")
            assert after == replace(self.order, state=TRANSITIONS[self.order.state][event], reason="why")
            self.order = after if event in OURS else self.order
        else:
            with pytest.raises(IllegalTransition):
                apply(self.order, event)
            assert self.order == self.before

    @precondition(
        lambda self: self.order.state not in (OrderState.INTENT, OrderState.REJECTED, OrderState.DENIED)
    )
    @rule(status=st.sampled_from(REPORTED), lots=st.lists(st.integers(1, 5), max_size=3), data=st.data())
    def report(self, status, lots, data):
        self.before = self.order
        old = data.draw(st.lists(st.sampled_from(self.order.fills))) if self.order.fills else []
        new = [world.fill(self.order, f"0.00{lot}") for lot in lots]
        report = world.report(self.order, status, *old, *new, *new)
        try:
            folded = fold(self.order, report)
        except IllegalTransition:
            assert status is OrderState.REJECTED  # refused after it executed: the venue contradicts itself
            return
        room = self.order.quantity - self.order.filled_quantity
        told = sum(fill.quantity for fill in new)
        assert sum(fill.quantity for fill in folded.new_fills) == min(told, room)
        assert told > room or folded.new_fills == tuple(new)
        self.order = folded.order
        assert overfill(self.order, report) == max(0, told - room)
        again = fold(self.order, report)
        assert (again.order, again.new_fills) == (self.order, ())

    @invariant()
    def fills_are_kept_once_and_by_time(self):
        ids = [fill.fill_id for fill in self.order.fills]
        assert len(set(ids)) == len(ids)
        assert set(self.before.fills) <= set(self.order.fills)
        stamps = [fill.ts_event_ns for fill in self.order.fills]
        assert stamps == sorted(stamps)

    @invariant()
    def what_ended_does_not_start_again(self):
        if self.before.state in TERMINAL:
            assert self.order.state in TERMINAL

    @invariant()
    def only_evidence_moves_an_unknown(self):
        if self.before.state is OrderState.UNKNOWN:
            assert self.order.state is not OrderState.INTENT

    @invariant()
    def no_more_is_booked_than_was_ordered(self):
        assert self.order.filled_quantity <= self.order.quantity

    @invariant()
    def whole_fills_are_filled(self):
        if self.order.fills and self.order.filled_quantity >= self.order.quantity:
            assert self.order.state is OrderState.FILLED

    @invariant()
    def what_works_is_not_over(self):
        assert not (self.order.state in AT_VENUE and self.order.is_terminal)


TestOrderMachine = OrderMachine.TestCase
