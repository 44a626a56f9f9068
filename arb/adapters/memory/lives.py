"""Orders in memory: what each event leaves behind."""

from collections.abc import Sequence
from dataclasses import replace

from arb.adapters.memory import ledger
from arb.adapters.memory.tables import MemoryTables, OrderEventRow, OrderRow
from arb.adapters.postgres.records.holds import hold_for, hold_state
from arb.domain.errors import Conflict, DataError, InvariantError
from arb.domain.ledger.ledger import fill_entry
from arb.domain.market.ids import ClientOrderId
from arb.domain.trading.order import (
    Order,
    OrderEvent,
    OrderReport,
    OrderState,
    apply,
    claimed,
    fold,
    transition,
)
from arb.domain.trading.trade import Trade


def insert(tables: MemoryTables, trade: Trade, intents: Sequence[Order]) -> None:
    """Write a trade with new intents and their holds. Raises: Conflict if an id exists."""
    for order in intents:
        if order.client_order_id in tables.orders:
            raise Conflict(f"order {order.client_order_id} exists")
    tables.trades[trade.trade_id] = trade
    for order in intents:
        events = [
            OrderEventRow(OrderEvent.CLAIM, OrderState.INTENT, order.state, order.fence, order.claimed_at_ns)
            for _ in range(order.attempts)
        ]
        tables.orders[order.client_order_id] = OrderRow(
            order, trade.session_id, order.created_at_ns, hold_for(order), tuple(events)
        )


def ours(tables: MemoryTables, client_order_id: ClientOrderId) -> OrderRow:
    """Return the row of one of our orders. Raises: DataError."""
    if client_order_id not in tables.orders:
        raise DataError("order_not_ours", client_order_id)
    return tables.orders[client_order_id]


def claim(tables: MemoryTables, row: OrderRow, now_ns: int) -> Order | None:
    """Take the right to send, or end an intent whose lifetime is over; None if it was no intent any more."""
    if row.order.state is not OrderState.INTENT:
        return None
    if not row.order.is_alive(now_ns):
        expired = apply(row.order, OrderEvent.EXPIRE, "lifetime")
        write(tables, row, expired, (OrderEvent.EXPIRE,), now_ns)
        return expired
    taken = claimed(row.order, now_ns)
    write(tables, row, taken, (OrderEvent.CLAIM,), now_ns)
    return taken


def record(tables: MemoryTables, report: OrderReport, now_ns: int) -> Order:
    """Fold a report into its order, and book its new fills."""
    row = ours(tables, report.client_order_id)
    folded = fold(row.order, report)
    entries = [fill_entry(folded.order, fill) for fill in folded.new_fills]
    place = tables.place(row.session_id, row.order.venue)
    keys = [(place, row.order.symbol, fill.fill_id) for fill in folded.new_fills]
    for key in keys:
        if key in tables.fills:
            raise InvariantError(f"a fill is booked under another order: {key}")
    tables.fills.update(dict.fromkeys(keys, row.order.client_order_id))
    write(tables, row, folded.order, folded.events, now_ns)
    ledger.book(tables, row.session_id, entries, now_ns)
    return folded.order


def write(
    tables: MemoryTables, row: OrderRow, after: Order, events: Sequence[OrderEvent], now_ns: int
) -> None:
    """Write an order after its events."""
    kept, state = list(row.events), row.order.state
    for event in events:
        following = transition(after.client_order_id, state, event)
        kept.append(OrderEventRow(event, state, following, after.fence, now_ns))
        state = following
    tables.orders[after.client_order_id] = replace(
        row,
        order=after,
        changed_at_ns=now_ns if events else row.changed_at_ns,
        hold=replace(row.hold, state=hold_state(after)),
        events=tuple(kept),
    )
