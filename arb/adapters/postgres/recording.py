"""What the venue says, folded into its order: events, fills, ledger and holds in one transaction."""

from sqlalchemy import Connection, Engine, insert

from arb.adapters.postgres import ledger, one_trip
from arb.adapters.postgres.engine import asking, at_once, nothing_changed
from arb.adapters.postgres.joined import order_view
from arb.adapters.postgres.lives import Locked, changing, lock, write
from arb.adapters.postgres.one_trip import KNOWN_BY_STATE
from arb.adapters.postgres.rows import fill_values
from arb.adapters.postgres.tables import fills
from arb.domain.errors import DataError
from arb.domain.ledger.ledger import fill_entry
from arb.domain.market.ids import ClientOrderId
from arb.domain.trading.order import Folded, Order, OrderEvent, OrderReport, OrderState, apply, fold


def record(engine: Engine, report: OrderReport, now_ns: int, known: Order | None) -> Order:
    """Book a report once; news that is no news writes nothing. Raises: DataError if it is not ours.

    An order that is as its caller knows it is read and locked by the write itself.
    """
    if known is not None and known.state in KNOWN_BY_STATE:
        folded = fold(known, report)
        if folded.order == known or _written(engine, known, folded, now_ns):
            return folded.order
        known = _read(engine, report.client_order_id)
    if known is not None and (order := fold(known, report).order) == known:
        return order  # and that stays so, whatever is booked since
    with changing(engine, report.client_order_id) as connection:
        locked = _ours(connection, report.client_order_id)
        folded = fold(locked.order, report)
        if folded.order != locked.order:
            _write(connection, locked, folded, now_ns)
        return folded.order


def _read(engine: Engine, client_order_id: ClientOrderId) -> Order | None:
    with asking(engine) as connection:
        return order_view(connection, client_order_id)


def _written(engine: Engine, known: Order, folded: Folded, now_ns: int) -> bool:
    with at_once(engine, known.trade_id) as connection:
        is_written = one_trip.write(connection, known, folded, now_ns)
        if not is_written:
            nothing_changed(connection)
        return is_written


def absent(engine: Engine, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
    """End an order that the venue proved was never placed; ended already by the same proof is fine."""
    with changing(engine, client_order_id) as connection:
        locked = _ours(connection, client_order_id)
        if locked.order.state is OrderState.EXPIRED and not locked.order.fills:
            return locked.order
        after = apply(locked.order, OrderEvent.ABSENT, reason)
        write(connection, locked, after, (OrderEvent.ABSENT,), now_ns)
        return after


def _ours(connection: Connection, client_order_id: ClientOrderId) -> Locked:
    locked = lock(connection, client_order_id)
    if locked is None:
        raise DataError("order_not_ours", client_order_id)
    return locked


def _write(connection: Connection, locked: Locked, folded: Folded, now_ns: int) -> None:
    order = folded.order
    write(connection, locked, order, folded.events, now_ns)
    if not folded.new_fills:
        return
    rows = [fill_values(order, fill, locked.owner, now_ns) for fill in folded.new_fills]
    connection.execute(insert(fills).values(rows))
    entries = [fill_entry(order, fill) for fill in folded.new_fills]
    ledger.book(connection, locked.session_id, entries, now_ns)
