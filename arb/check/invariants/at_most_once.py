"""One intent has zero or one order at its venue."""

from collections import defaultdict
from collections.abc import Iterator

from arb.check.history import EngineHistory, Invariant, VenueHistory, VenueOrder, Violation
from arb.domain.market.ids import ClientOrderId, parse_client_order_id
from arb.domain.trading.order import Order


def at_most_once(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return the intents with more than one order, or with one where it does not belong.

    A duplicate that the venue rejected is no order and does not count.
    """
    if venues is None:
        return ()
    return tuple(_violations(engine, venues))


def _violations(engine: EngineHistory, venues: VenueHistory) -> Iterator[Violation]:
    placed: dict[str, list[VenueOrder]] = defaultdict(list)
    for venue_order in venues.orders:
        if parse_client_order_id(venue_order.client_id) is not None:
            placed[venue_order.client_id].append(venue_order)
    orders = engine.orders_by_id()
    for client_id, found in placed.items():
        wrong = _wrong(found, orders.get(ClientOrderId(client_id)))
        if wrong:
            yield Violation(Invariant.AT_MOST_ONCE, f"order {client_id}", wrong)


def _wrong(found: list[VenueOrder], order: Order | None) -> str | None:
    if len(found) > 1:
        listed = ", ".join(f"{each.venue} {each.venue_order_id}" for each in found)
        return f"has {len(found)} orders: {listed}"
    only = found[0]
    if order is None:
        return f"{only.venue} has {only.venue_order_id} under this id, which has no row here"
    if order.venue is not only.venue:
        return f"was meant for {order.venue}, and {only.venue} has {only.venue_order_id}"
    if order.venue_order_id not in (None, only.venue_order_id):
        return f"is {order.venue_order_id} by our row, and {only.venue_order_id} at {only.venue}"
    return None
