"""A lost answer is UNKNOWN, and only evidence from the venue moves it on."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from arb.check.history import EngineHistory, Invariant, OrderTransition, VenueHistory, Violation
from arb.domain.trading.order import TRANSITIONS, Order, OrderEvent, OrderState

# What these events claim rests on the venue's words, which are kept as the reason.
BY_REASON: Final = frozenset({OrderEvent.ABSENT, OrderEvent.REJECT})


def unknown_is_a_state(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the orders whose life was not lived by the table, or that left UNKNOWN without proof."""
    at_venue = {order.client_id for order in venues.orders} if venues else set()
    return tuple(
        Violation(Invariant.UNKNOWN_IS_A_STATE, row, message) for row, message in _wrong(engine, at_venue)
    )


def _wrong(engine: EngineHistory, at_venue: set[str]) -> Iterator[tuple[str, str]]:
    by_order, by_trade = engine.events_by_order(), engine.orders_by_trade()
    for order in engine.orders:
        events = by_order.get(order.client_order_id, [])
        row = f"order {order.client_order_id}"
        for message in (*_chain(order, events), *_evidence(order, events, at_venue)):
            yield row, message
        for since_ns, until_ns in _unknown(events, engine.read_at_ns):
            for other in by_trade[order.trade_id]:
                if since_ns < other.created_at_ns < until_ns:
                    yield (
                        f"order {other.client_order_id}",
                        f"was made while {order.client_order_id} of the same trade was unknown",
                    )


def _chain(order: Order, events: list[OrderTransition]) -> Iterator[str]:
    """Yield where the events are no path through the table that ends in the order's state."""
    state, fence = OrderState.INTENT, 0
    for event in events:
        if event.from_state is not state:
            yield f"event {event.seq} starts from {event.from_state}, the one before ended in {state}"
        if TRANSITIONS[event.from_state].get(event.event) is not event.to_state:
            yield f"event {event.seq} takes {event.from_state} by {event.event} to {event.to_state}"
        if event.fence < fence or (event.event is OrderEvent.CLAIM and event.fence == fence):
            yield f"event {event.seq} has fence {event.fence} after {fence}"
        state, fence = event.to_state, event.fence
    for before, after in pairwise(events):
        if after.seq != before.seq + 1:
            yield f"events {before.seq + 1} to {after.seq - 1} are missing"
    if order.state is not state:
        yield f"is {order.state}, and its events end in {state}"


def _evidence(order: Order, events: list[OrderTransition], at_venue: set[str]) -> Iterator[str]:
    lost = ""
    for event in events:
        if event.to_state is OrderState.UNKNOWN:
            lost = event.reason
        if event.event is OrderEvent.ABSENT and order.client_order_id in at_venue:
            yield f"event {event.seq} says it was never placed, and {order.venue} has it"
        if event.from_state is not OrderState.UNKNOWN or event.to_state is OrderState.UNKNOWN:
            continue
        said = event.reason not in ("", lost)
        known = said if event.event in BY_REASON else order.venue_order_id is not None
        if not known:
            yield f"event {event.seq} left unknown by {event.event} without evidence from {order.venue}"


def _unknown(events: list[OrderTransition], read_at_ns: int) -> Iterator[tuple[int, int]]:
    """Yield (since, until) of each stay in UNKNOWN."""
    for position, event in enumerate(events):
        if event.to_state is OrderState.UNKNOWN:
            later = events[position + 1 :]
            yield event.at_ns, later[0].at_ns if later else read_at_ns
