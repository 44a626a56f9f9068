"""No order reaches a venue without an intent row, claimed before the bytes were written."""

from collections.abc import Iterator

from arb.check.history import EngineHistory, Invariant, OrderTransition, VenueHistory, VenueOrder, Violation
from arb.domain.market.ids import ClientOrderId, parse_client_order_id
from arb.domain.trading.order import Order, OrderEvent


def intent_first(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the orders at a venue that were not intents of ours first.

    Needs the venues read before the engine: whatever they show must have had its row by then.
    """
    if venues is None:
        return ()
    return tuple(_violations(engine, venues))


def _violations(engine: EngineHistory, venues: VenueHistory) -> Iterator[Violation]:
    orders, events = engine.orders_by_id(), engine.events_by_order()
    for placed in venues.orders:
        if parse_client_order_id(placed.client_id) is None:
            continue
        client_order_id = ClientOrderId(placed.client_id)
        wrong = _wrong(placed, orders.get(client_order_id), events.get(client_order_id, []))
        if wrong:
            yield Violation(Invariant.INTENT_FIRST, f"order {placed.client_id}", f"{placed.venue} {wrong}")


def _wrong(placed: VenueOrder, order: Order | None, events: list[OrderTransition]) -> str | None:
    if order is None:
        return f"has {placed.venue_order_id} under this id, which has no row here"
    if order.created_at_ns > placed.received_ns:
        return f"received it {order.created_at_ns - placed.received_ns} ns before its intent was created"
    claims = [event.at_ns for event in events if event.event is OrderEvent.CLAIM]
    if not claims:
        return "has it, and nobody here claimed it"
    if min(claims) > placed.received_ns:
        return f"received it {min(claims) - placed.received_ns} ns before it was first claimed"
    return None
