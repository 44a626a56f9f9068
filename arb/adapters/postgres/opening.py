"""New trades and new orders of a trade."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Table, update

from arb.adapters.postgres import holds, ledger, review_marks
from arb.adapters.postgres.bulk import Rows, insert_all, insert_all_if
from arb.adapters.postgres.engine import at_once, nothing_changed, transaction
from arb.adapters.postgres.exposure import ALONE_TO_DECIDE, alone_to_decide
from arb.adapters.postgres.lives import lock, write
from arb.adapters.postgres.owners import actor_of, of_own_session, refuse_foreign, require_own
from arb.adapters.postgres.rows import facts_of, order_values, trade_values
from arb.adapters.postgres.tables import fills, order_events, orders, trades
from arb.adapters.postgres.tables import holds as reserved
from arb.domain.errors import Conflict, InvariantError
from arb.domain.ledger.ledger import fee_entries
from arb.domain.market.ids import ClientOrderId, FillId
from arb.domain.risk.known_exposure import KnownExposure
from arb.domain.risk.review import Approved, Denied, Limits, Proposal, review
from arb.domain.trading.order import Order, OrderEvent, OrderState
from arb.domain.trading.trade import Trade
from arb.ports.trading import Meanwhile, nothing_else


def open_trade(
    engine: Engine, proposal: Proposal, intents: Sequence[Order], limits: Limits, now_ns: int
) -> Approved | Denied:
    """Review under the locks of account and session, and write trade, intents and holds if risk says yes.

    A trade of this id that is there already is this one, committed by an attempt whose answer was lost: its
    claims, if it has any, are not handed out again.
    """
    trade = proposal.trade
    with transaction(engine, trade.trade_id) as connection:
        seen = alone_to_decide(connection, trade, now_ns)
        refuse_foreign(connection, trade.session_id, seen.owner)
        if seen.is_written:
            return Approved(proposal, was_there=True)
        verdict = review(proposal, limits, seen.exposure)
        if isinstance(verdict, Approved):
            insert_all(connection, {trades: (_opened(proposal),), **_rows(connection, trade, intents)})
            review_marks.move(connection, trade.session_id)
        else:
            nothing_changed(connection)
        return verdict


def open_reviewed(
    engine: Engine,
    proposal: Proposal,
    intents: Sequence[Order],
    known: KnownExposure,
    meanwhile: Meanwhile = nothing_else,
) -> bool:
    """Write the same under the same locks, if nothing was decided since the exposure was read.

    With the locks and the commit it is one round trip. A second attempt finds the mark moved by the first.
    """
    trade = proposal.trade
    given = {"session_id": trade.session_id, "mark": known.mark, "own_mark": known.own_mark}
    with at_once(engine, trade.trade_id) as connection:
        rows = {trades: (_opened(proposal),), **_rows(connection, trade, intents)}
        if insert_all_if(
            connection, review_marks.UNMOVED, given, rows, first=ALONE_TO_DECIDE, meanwhile=meanwhile
        ):
            return True
        nothing_changed(connection)
        return False


def add_orders(
    engine: Engine, trade: Trade, intents: Sequence[Order], decided_on: Mapping[str, str]
) -> Trade:
    """Write a changed trade and its new intents. Raises: Conflict if the trade moved on meanwhile."""
    following = replace(trade, version=trade.version + 1)
    values = trade_values(following)
    if intents and decided_on:
        decision = {str(intents[0].created_at_ns): dict(decided_on)}
        values["decided_later"] = trades.c.decided_later.concat(decision)
    return _change(engine, trade, values, following, intents)


def repair_again(engine: Engine, trade: Trade) -> Trade:
    """Write a trade that goes on after it was escalated, and count that. Raises: Conflict as above."""
    following = replace(trade, version=trade.version + 1)
    values = trade_values(following) | {"take_ups": trades.c.take_ups + 1}
    return _change(engine, trade, values, following, ())


def value_fees(
    engine: Engine, trade: Trade, values: Mapping[ClientOrderId, Mapping[FillId, Decimal]]
) -> Trade:
    """Write a changed trade, and what its fees were worth. Raises: Conflict as above."""
    following = replace(trade, version=trade.version + 1)
    with transaction(engine, trade.trade_id) as connection:
        _update(connection, trade, trade_values(following))
        for client_order_id, of_fills in values.items():
            for fill_id, value in of_fills.items():
                found = (fills.c.client_order_id == client_order_id, fills.c.fill_id == fill_id)
                connection.execute(update(fills).where(*found).values(fee_in_quote=value))
        _move_mark(connection, following)
    return following


def correct_fees(
    engine: Engine,
    trade: Trade,
    client_order_id: ClientOrderId,
    fees: Mapping[FillId, Decimal],
    now_ns: int,
) -> Trade:
    """Write fees that were assumed as they are, and book what that changes. Raises: Conflict as above."""
    following = replace(trade, version=trade.version + 1)
    with transaction(engine, trade.trade_id) as connection:
        _update(connection, trade, trade_values(following))
        locked = lock(connection, client_order_id)
        if locked is None:
            raise InvariantError(f"order {client_order_id} does not exist")
        new = [fill for fill in locked.order.fills if fill.fee_is_assumed and fill.fill_id in fees]
        if not new:
            return following
        write(connection, locked, locked.order, (), now_ns)  # first: what is archived of it is as it was
        for fill in new:
            found = (fills.c.client_order_id == client_order_id, fills.c.fill_id == fill.fill_id)
            named = {"fee": fees[fill.fill_id], "fee_is_assumed": False}
            connection.execute(update(fills).where(*found).values(named))
        if entries := fee_entries(locked.order, fees):
            ledger.book(connection, locked.session_id, entries, now_ns)
        _move_mark(connection, following)
    return following


def _change(
    engine: Engine, trade: Trade, values: Mapping[str, Any], following: Trade, intents: Sequence[Order]
) -> Trade:
    with transaction(engine, trade.trade_id) as connection:
        _update(connection, trade, values)
        _insert(connection, trade, intents)
        _move_mark(connection, following)
    return following


def _move_mark(connection: Connection, changed: Trade) -> None:
    if changed.state in review_marks.DECISIVE:
        review_marks.move(connection, changed.session_id)


def _update(connection: Connection, trade: Trade, values: Mapping[str, Any]) -> None:
    changed = connection.execute(
        update(trades)
        .where(
            trades.c.trade_id == trade.trade_id,
            trades.c.version == trade.version,
            of_own_session(connection, trades.c.session_id),
        )
        .values(values)
    )
    if changed.rowcount != 1:
        require_own(connection, trade.session_id)
        raise Conflict(f"trade {trade.trade_id} is no longer at version {trade.version}")


def _insert(connection: Connection, trade: Trade, intents: Sequence[Order]) -> None:
    if intents:
        insert_all(connection, _rows(connection, trade, intents))


def _opened(proposal: Proposal) -> dict[str, Any]:
    return trade_values(proposal.trade) | {"decided_on": facts_of(proposal)}


def _rows(connection: Connection, trade: Trade, intents: Sequence[Order]) -> dict[Table, Rows]:
    """Return the rows of new orders: themselves, the claims that are committed with them, and their holds."""
    written = [
        order_values(order, trade.session_id, order.created_at_ns) | {"event_seq": order.attempts}
        for order in intents
    ]
    claims = [_claim_values(connection, order) for order in intents if order.state is OrderState.SUBMITTED]
    return {orders: written, order_events: claims, reserved: holds.rows(trade.session_id, intents)}


def _claim_values(connection: Connection, order: Order) -> dict[str, Any]:
    """Return the event of a claim that is committed with its intent."""
    return {
        "client_order_id": order.client_order_id,
        "seq": order.attempts,
        "event": OrderEvent.CLAIM.value,
        "from_state": OrderState.INTENT.value,
        "to_state": order.state.value,
        "fence": order.fence,
        "reason": order.reason,
        "at_ns": order.claimed_at_ns,
        "actor": actor_of(connection),
    }
