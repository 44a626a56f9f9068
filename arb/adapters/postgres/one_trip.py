"""A report folded into an order as its caller knows it: event, fills, ledger and hold in one round trip.

It is written if the order still is what the caller knows; otherwise nothing is, and the caller reads it under
its lock. An order that is sent and not filled is known by its state and its fence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnClause,
    Connection,
    Integer,
    Numeric,
    Text,
    bindparam,
    case,
    column,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from arb.adapters.postgres.ledger import LOCK_CLASS
from arb.adapters.postgres.owners import actor_of, is_owned, prepared_for_owner
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.records.holds import hold_state
from arb.adapters.postgres.tables import (
    balances,
    fills,
    holds,
    ledger_entries,
    ledger_postings,
    order_events,
    orders,
    session_accounts,
    sessions,
)
from arb.domain.ledger.ledger import Entry, fill_entry
from arb.domain.state.owner import Owner
from arb.domain.trading.order import Fill, Folded, Order, OrderState

KNOWN_BY_STATE: Final = frozenset({OrderState.SUBMITTED, OrderState.UNKNOWN, OrderState.ACCEPTED})
GIVEN: Final = {
    "client_order_id": "text",
    "known": "text",
    "fence": "bigint",
    "state": "text",
    "reason": "text",
    "venue_order_id": "text",
    "hold": "text",
    "event": "text",
    "fills": "jsonb",
    "entries": "jsonb",
    "postings": "jsonb",
    "now_ns": "bigint",
    "actor": "text",
}
TYPES: Final[Mapping[str, TypeEngine[Any]]] = {"text": Text(), "bigint": BigInteger(), "jsonb": JSONB()}
FILL: Final = tuple(fills.c[name] for name in Fill.__dataclass_fields__)


def write(connection: Connection, known: Order, folded: Folded, now_ns: int) -> bool:
    """Write what a report made of an order; False, and no change, if the order is not as known."""
    after, entries = folded.order, [fill_entry(folded.order, fill) for fill in folded.new_fills]
    given = {
        "client_order_id": known.client_order_id,
        "known": known.state.value,
        "fence": known.fence,
        "state": after.state.value,
        "reason": after.reason,
        "venue_order_id": after.venue_order_id,
        "hold": hold_state(after).value,
        "event": folded.events[0].value if folded.events else None,
        "fills": _as_json(_fill(fill) for fill in folded.new_fills),
        "entries": _as_json({"key": entry.key, "kind": entry.kind.value} for entry in entries),
        "postings": _as_json(line for entry in entries for line in _postings(entry)),
        "now_ns": now_ns,
        "actor": actor_of(connection),
    }
    return _statement(connection).execute(connection, given).first() is not None


def _fill(fill: Fill) -> dict[str, Any]:
    return {name: getattr(fill, name) for name in Fill.__dataclass_fields__}


def _postings(entry: Entry) -> Iterable[dict[str, Any]]:
    for line, posting in enumerate(entry.postings):
        yield {
            "key": entry.key,
            "line": line,
            "account": posting.account,
            "asset": posting.asset,
            "amount": posting.amount,
        }


def _as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as text; amounts as text too, so that they stay exact."""
    return orjson.dumps(list(rows), default=str).decode()


@prepared_for_owner
def _statement(owner: Owner | None, of: str) -> Prepared:
    changed = _changed(owner)
    following = (_event(changed), _hold(changed), _fills(changed), *_ledger(changed))
    return Prepared(f"arb_report_{of}", select(changed.c.session_id).add_cte(*following), GIVEN)


def _given(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=TYPES[GIVEN[name]])


def _changed(owner: Owner | None) -> CTE:
    """Return the order's own row, and the number of its last event."""
    has_event = case((_given("event").is_(None), 0), else_=1)
    is_as_known = (
        orders.c.client_order_id == _given("client_order_id"),
        orders.c.state == _given("known"),
        orders.c.fence == _given("fence"),
        is_owned(orders.c.session_id, owner),
    )
    values = {
        "state": _given("state"),
        "reason": _given("reason"),
        "venue_order_id": func.coalesce(orders.c.venue_order_id, _given("venue_order_id")),
        "event_seq": orders.c.event_seq + has_event,
        "changed_at_ns": case((_given("event").is_(None), orders.c.changed_at_ns), else_=_given("now_ns")),
    }
    changing = update(orders).where(*is_as_known).values(values)
    return changing.returning(orders.c.session_id, orders.c.venue, orders.c.symbol, orders.c.event_seq).cte(
        "changed"
    )


def _event(changed: CTE) -> CTE:
    row = {
        "client_order_id": _given("client_order_id"),
        "seq": changed.c.event_seq,
        "event": _given("event"),
        "from_state": _given("known"),
        "to_state": _given("state"),
        "fence": _given("fence"),
        "reason": _given("reason"),
        "at_ns": _given("now_ns"),
        "actor": _given("actor"),
    }
    made = select(*row.values()).select_from(changed).where(_given("event").is_not(None))
    return insert(order_events).from_select(list(row), made).cte("kept")


def _hold(changed: CTE) -> CTE:
    own = (holds.c.client_order_id == _given("client_order_id"), changed.c.event_seq > 0)
    other = holds.c.state != _given("hold")
    return update(holds).where(*own, other).values(state=_given("hold")).cte("moved")


def _fills(changed: CTE) -> CTE:
    """Return the rows of new fills, under the account that the session has at their venue."""
    new = _rows("fills", *(column(each.name, each.type) for each in FILL))
    account = (
        select(session_accounts.c.account)
        .where(
            session_accounts.c.session_id == changed.c.session_id,
            session_accounts.c.venue == changed.c.venue,
        )
        .scalar_subquery()
    )
    row = {
        "environment": sessions.c.environment,
        "account": func.coalesce(account, ""),
        "venue": changed.c.venue,
        "symbol": changed.c.symbol,
        "client_order_id": _given("client_order_id"),
        "booked_at_ns": _given("now_ns"),
        **{each.name: new.c[each.name] for each in FILL},
    }
    of_session = changed.join(sessions, sessions.c.session_id == changed.c.session_id)
    made = select(*row.values()).select_from(of_session.join(new, true()))
    return insert(fills).from_select(list(row), made).cte("filled")


def _ledger(changed: CTE) -> Sequence[CTE]:
    """Return the entries, lines and balances of new fills, behind the lock that makes them one writer's."""
    lock = func.pg_advisory_xact_lock(LOCK_CLASS, func.hashtext(changed.c.session_id)).label("held")
    anything = func.jsonb_array_length(_given("entries")) > 0
    alone = select(changed.c.session_id, lock).where(anything).cte("alone")
    new = _rows("entries", column("key", Text), column("kind", Text))
    made = select(alone.c.session_id, new.c.key, new.c.kind, _given("now_ns")).select_from(
        alone.join(new, true())
    )
    made = made.where(alone.c.held.is_not(None))
    entering = upsert(ledger_entries).from_select(["session_id", "key", "kind", "at_ns"], made)
    entered = (
        entering.on_conflict_do_nothing(index_elements=["session_id", "key"])
        .returning(ledger_entries.c.entry_id, ledger_entries.c.session_id, ledger_entries.c.key)
        .cte("entered")
    )
    told = _rows(
        "postings", column("key", Text), column("line", Integer), column("account", Text),
        column("asset", Text), column("amount", Numeric),
    )  # fmt: skip
    lines = (
        select(
            entered.c.entry_id, entered.c.session_id, told.c.line, told.c.account, told.c.asset, told.c.amount
        )
        .select_from(entered.join(told, told.c.key == entered.c.key))
        .cte("lines")
    )
    names = ["entry_id", "line", "account", "asset", "amount"]
    posted = (
        insert(ledger_postings).from_select(names, select(*(lines.c[name] for name in names))).cte("posted")
    )
    return posted, _summed(lines)


def _summed(lines: CTE) -> CTE:
    """Return the balances that these lines move, in the order in which everybody moves them."""
    keys = (lines.c.session_id, lines.c.account, lines.c.asset)
    moves = select(*keys, func.sum(lines.c.amount)).group_by(*keys).order_by(*keys)
    moving = upsert(balances).from_select(["session_id", "account", "asset", "amount"], moves)
    return moving.on_conflict_do_update(
        index_elements=["session_id", "account", "asset"],
        set_={"amount": balances.c.amount + moving.excluded.amount},
    ).cte("summed")


def _rows(name: str, *columns: ColumnClause[Any]) -> TableValuedAlias:
    """Return what is given as JSON as rows."""
    found = func.jsonb_to_recordset(_given(name)).table_valued(*columns)
    return found.render_derived(name=f"new_{name}", with_types=True)
