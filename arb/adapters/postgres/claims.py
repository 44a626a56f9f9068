"""Who may send an intent: a fenced compare-and-set, committed before a byte leaves."""

from sqlalchemy import Connection, Engine, insert, update

from arb.adapters.postgres.lives import changing, lock, write
from arb.adapters.postgres.owners import actor_of, of_own_session
from arb.adapters.postgres.rows import order_of
from arb.adapters.postgres.tables import order_events, orders
from arb.domain.market.ids import ClientOrderId
from arb.domain.time import STAMP_AHEAD_NS_MAX
from arb.domain.trading.order import Order, OrderEvent, OrderState, apply, transition


def claim(engine: Engine, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
    """Take the right to send, or end an intent whose time is over; None if it was no intent any more."""
    with changing(engine, client_order_id) as connection:
        return _take(connection, client_order_id, now_ns) or _expire(connection, client_order_id, now_ns)


def _take(connection: Connection, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
    state = transition(client_order_id, OrderState.INTENT, OrderEvent.CLAIM)
    row = connection.execute(
        update(orders)
        .where(
            orders.c.client_order_id == client_order_id,
            orders.c.state == OrderState.INTENT.value,
            orders.c.expires_at_ns > now_ns,
            orders.c.created_at_ns <= now_ns + STAMP_AHEAD_NS_MAX,
            of_own_session(connection, orders.c.session_id),
        )
        .values(
            state=state.value,
            fence=orders.c.fence + 1,
            attempts=orders.c.attempts + 1,
            claimed_at_ns=now_ns,
            changed_at_ns=now_ns,
            event_seq=orders.c.event_seq + 1,
        )
        .returning(orders)
    ).one_or_none()
    if row is None:
        return None
    connection.execute(
        insert(order_events).values(
            client_order_id=client_order_id,
            seq=row.event_seq,
            event=OrderEvent.CLAIM.value,
            from_state=OrderState.INTENT.value,
            to_state=state.value,
            fence=row.fence,
            reason=row.reason,
            at_ns=now_ns,
            actor=actor_of(connection),
        )
    )
    return order_of(row)


def _expire(connection: Connection, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
    """End an intent whose lifetime is over; its hold is voided."""
    locked = lock(connection, client_order_id)
    if locked is None or locked.order.state is not OrderState.INTENT or locked.order.is_alive(now_ns):
        return None
    expired = apply(locked.order, OrderEvent.EXPIRE, "lifetime")
    write(connection, locked, expired, (OrderEvent.EXPIRE,), now_ns)
    return expired


def deny(engine: Engine, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
    """End an intent that must not be sent; False if it is none any more and was not denied."""
    with changing(engine, client_order_id) as connection:
        locked = lock(connection, client_order_id)
        if locked is None or locked.order.state is not OrderState.INTENT:
            return locked is not None and locked.order.state is OrderState.DENIED
        write(connection, locked, apply(locked.order, OrderEvent.DENY, reason), (OrderEvent.DENY,), now_ns)
        return True


def give_up(
    engine: Engine, client_order_id: ClientOrderId, fence: int, event: OrderEvent, reason: str, now_ns: int
) -> bool:
    """End a claim by RELEASE, LOSE, REJECT or EXPIRE; False, and no change, if it is not the caller's."""
    with changing(engine, client_order_id) as connection:
        locked = lock(connection, client_order_id)
        if locked is None or locked.order.state is not OrderState.SUBMITTED or locked.order.fence != fence:
            return False
        write(connection, locked, apply(locked.order, event, reason), (event,), now_ns)
        return True
