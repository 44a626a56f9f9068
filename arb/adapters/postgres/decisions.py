"""What a session decided, when, on which prices, and what was filled of it: for comparing two of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.opportunities import SqlOpportunities
from arb.adapters.postgres.tables import fills, mode_changes, orders, trades
from arb.domain.ledger.comparison import DecisionAction, DecisionTaken, RecordedRun
from arb.domain.market.ids import Coin, SessionId, TradeId, Venue
from arb.domain.market.opportunity import joined
from arb.domain.market.pair import Direction
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.time import ALWAYS
from arb.domain.trading.order import Purpose

CHANCES_MAX: Final = 1_000_000
BEST: Final = frozenset(
    {"rate_bid", "rate_ask", *(f"{venue}_{side}" for venue in Venue for side in ("bid", "ask"))}
)
Filled = dict[tuple[str, str, int], list[Any]]  # trade, purpose, moment of the decision


@dataclass(frozen=True, slots=True)
class SqlDecisions:
    """Reads one session."""

    engine: Engine

    def read(self, session_id: SessionId) -> RecordedRun | None:
        """Return what a session decided since it was let trade; None if it never was.

        Raises: StoreUnavailable.
        """
        with reading(self.engine) as connection:
            began_ns = _first(connection, session_id, mode_changes.c.mode == Mode.NORMAL.value)
            if began_ns is None:
                return None
            stopped = mode_changes.c.reason == reason_text(Cause.STOPPING)
            decided = list(_decisions(connection, session_id, began_ns))
            ended_ns = _first(connection, session_id, stopped)
        if ended_ns is None:  # it runs, or died
            ended_ns = began_ns + max((each.at_ns for each in decided), default=0)
        chances = joined(SqlOpportunities(self.engine).read(session_id, ALWAYS, CHANCES_MAX))
        return RecordedRun(
            decisions=decided,
            chances=[
                replace(
                    each,
                    began_ns=each.began_ns - began_ns,
                    ended_ns=each.ended_ns - began_ns,
                    peak_ns=each.peak_ns - began_ns,
                )
                for each in chances
            ],
            ended_ns=ended_ns - began_ns,
        )


def _first(connection: Connection, session_id: SessionId, what: Any) -> int | None:
    wanted = select(func.min(mode_changes.c.at_ns)).where(mode_changes.c.session_id == session_id, what)
    found: int | None = connection.execute(wanted).scalar_one()
    return found


def _decisions(connection: Connection, session_id: SessionId, began_ns: int) -> Iterator[DecisionTaken]:
    filled = _filled(connection, session_id)
    for row in connection.execute(select(trades).where(trades.c.session_id == session_id)):
        yield _decision(row, DecisionAction.OPEN, row.opened_at_ns, row.decided_on, filled, began_ns)
        for at_ns, facts in row.decided_later.items():
            if facts.get("action") == DecisionAction.CLOSE:
                yield _decision(row, DecisionAction.CLOSE, int(at_ns), facts, filled, began_ns)


def _filled(connection: Connection, session_id: SessionId) -> Filled:
    summed = (
        select(
            orders.c.trade_id,
            orders.c.purpose,
            orders.c.created_at_ns,
            orders.c.venue,
            func.sum(fills.c.quantity).label("quantity"),
            func.sum(fills.c.quantity * fills.c.price).label("value"),
        )
        .join(fills, fills.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id)
        .group_by(orders.c.trade_id, orders.c.purpose, orders.c.created_at_ns, orders.c.venue)
        .order_by(orders.c.venue)
    )
    found: Filled = {}
    for row in connection.execute(summed):
        found.setdefault((row.trade_id, row.purpose, row.created_at_ns), []).append(row)
    return found


def _decision(
    row: Row[Any],
    action: DecisionAction,
    at_ns: int,
    facts: dict[str, str],
    filled: Filled,
    began_ns: int,
) -> DecisionTaken:
    is_exit = action is DecisionAction.CLOSE
    purpose = Purpose.EXIT if is_exit else Purpose.ENTRY
    legs = filled.get((row.trade_id, purpose.value, at_ns), [])
    return DecisionTaken(
        trade_id=TradeId(row.trade_id),
        action=action,
        coin=Coin(row.coin),
        direction=Direction(row.direction),
        at_ns=at_ns - began_ns,
        seen={name: value for name, value in facts.items() if name in BEST},
        quantity=Decimal(facts["quantity"]) if is_exit else row.quantity,
        reason=facts.get("reason", ""),
        filled={leg.venue: leg.quantity for leg in legs},
        paid={leg.venue: leg.value for leg in legs},
    )
