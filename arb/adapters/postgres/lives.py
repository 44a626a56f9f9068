"""One order under its lock: read it, write what became of it, keep the event.

States come from `arb.domain.trading.order` only. Locks are taken in one order everywhere: account,
session, trade, order, ledger, review mark; so no two transactions can wait for each other.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, update

from arb.adapters.postgres import holds
from arb.adapters.postgres.engine import transaction
from arb.adapters.postgres.owners import actor_of, owner_of, refuse_foreign
from arb.adapters.postgres.records.holds import hold_state
from arb.adapters.postgres.rows import fill_of, order_of, order_values
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.tables import fills, order_events, orders, sessions
from arb.domain.market.ids import ClientOrderId, SessionId, parse_client_order_id
from arb.domain.state.owner import Owner
from arb.domain.trading.order import Fill, Order, OrderEvent, transition


@dataclass(frozen=True, slots=True)
class Locked:
    """An order that nobody else changes until this transaction ends."""

    order: Order
    session_id: SessionId
    owner: Owner
    event_seq: int
    changed_at_ns: int


def changing(engine: Engine, client_order_id: ClientOrderId) -> AbstractContextManager[Connection]:
    """Run the block in one transaction that changes this order, and so its trade."""
    named = parse_client_order_id(client_order_id)
    return transaction(engine, *(() if named is None else named[:1]))


def lock(connection: Connection, client_order_id: ClientOrderId) -> Locked | None:
    """Lock and read an order; None if there is none of this id. Raises: ForeignSession."""
    row = connection.execute(
        select(orders, sessions.c.environment, NAMED)
        .join(sessions, sessions.c.session_id == orders.c.session_id)
        .where(orders.c.client_order_id == client_order_id)
        .with_for_update(key_share=True, of=orders)
    ).one_or_none()
    if row is None:
        return None
    # A statement of its own: it sees what the previous owner of the lock committed.
    known = _order_fills(connection, client_order_id)
    owner = owner_of(row)
    refuse_foreign(connection, SessionId(row.session_id), owner)
    return Locked(order_of(row, known), SessionId(row.session_id), owner, row.event_seq, row.changed_at_ns)


def _order_fills(connection: Connection, client_order_id: ClientOrderId) -> list[Fill]:
    """Return the fills of an order, oldest first."""
    rows = connection.execute(
        select(fills)
        .where(fills.c.client_order_id == client_order_id)
        .order_by(fills.c.ts_event_ns, fills.c.fill_id)
    )
    return [fill_of(row) for row in rows]


def write(
    connection: Connection, locked: Locked, after: Order, events: Sequence[OrderEvent], now_ns: int
) -> None:
    """Write an order after its events, one row for each, and move its hold if it ended."""
    before, seq = locked.order, locked.event_seq
    changed_at_ns = now_ns if events else locked.changed_at_ns
    values = order_values(after, locked.session_id, changed_at_ns) | {"event_seq": seq + len(events)}
    del values["client_order_id"]
    connection.execute(
        update(orders).where(orders.c.client_order_id == before.client_order_id).values(values)
    )
    _keep(connection, before, after, events, seq, now_ns)
    if hold_state(after) is not hold_state(before):
        holds.settle(connection, after.client_order_id, hold_state(after))


def _keep(
    connection: Connection, before: Order, after: Order, events: Sequence[OrderEvent], seq: int, now_ns: int
) -> None:
    state = before.state
    for number, event in enumerate(events, start=seq + 1):
        following = transition(before.client_order_id, state, event)
        connection.execute(
            insert(order_events).values(
                client_order_id=before.client_order_id,
                seq=number,
                event=event.value,
                from_state=state.value,
                to_state=following.value,
                fence=after.fence,
                reason=after.reason,
                at_ns=now_ns,
                actor=actor_of(connection),
            )
        )
        state = following
