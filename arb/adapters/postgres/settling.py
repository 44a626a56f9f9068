"""A trade changed with no new orders: one statement, one round trip."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Engine, Numeric, bindparam, select, update

from arb.adapters.postgres import review_marks
from arb.adapters.postgres.engine import at_once
from arb.adapters.postgres.owners import is_owned, prepared_for_owner, require_own
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.rows import trade_values
from arb.adapters.postgres.tables import trades
from arb.domain.errors import Conflict
from arb.domain.state.owner import Owner
from arb.domain.trading.trade import Trade

FOUND_BY: Final = ("trade_id", "version")
WRITTEN: Final[tuple[Column[Any], ...]] = tuple(
    trades.c[name] for name in Trade.__dataclass_fields__ if name not in FOUND_BY
)
TYPES: Final = {BigInteger: "bigint", Numeric: "numeric"}
GIVEN: Final = {
    "of_trade": "text",
    "at_version": "bigint",
    **{column.name: TYPES.get(type(column.type), "text") for column in WRITTEN},
}


def change(engine: Engine, trade: Trade) -> Trade:
    """Write a changed trade. Raises: Conflict if it moved on meanwhile, ForeignSession."""
    values = trade_values(trade)
    given = {"of_trade": values.pop("trade_id"), "at_version": values.pop("version"), **values}
    with at_once(engine, trade.trade_id) as connection:
        if _statement(connection).execute(connection, given).first() is None:
            require_own(connection, trade.session_id)
            raise Conflict(f"trade {trade.trade_id} is no longer at version {trade.version}")
    return replace(trade, version=trade.version + 1)


@prepared_for_owner
def _statement(owner: Owner | None, of: str) -> Prepared:
    written = {column.name: bindparam(column.name, type_=column.type) for column in WRITTEN}
    found = (
        trades.c.trade_id == bindparam("of_trade"),
        trades.c.version == bindparam("at_version"),
        is_owned(trades.c.session_id, owner),
    )
    changing = update(trades).where(*found).values(version=trades.c.version + 1, **written)
    changed = changing.returning(trades.c.session_id, trades.c.state).cte("changed")
    statement = select(changed.c.session_id).add_cte(review_marks.moved_by(changed))
    return Prepared(f"arb_change_trade_{of}", statement, GIVEN)
