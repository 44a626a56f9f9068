"""`arb.engine.health.news.NewsSource`: what the rows of a session say that a person is told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.export import FEE_KRW
from arb.adapters.postgres.kept import SqlKept
from arb.adapters.postgres.report import trades_in
from arb.adapters.postgres.tables import SNAPSHOTS, alerts, fills, generations, messages, orders, trades
from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.money import ZERO, bps, plain
from arb.domain.state.generation import changes
from arb.domain.time import NS_PER_S, Span, date_of
from arb.domain.trading.trade import TradeState

FILLED: Final = fills.join(orders, orders.c.client_order_id == fills.c.client_order_id)
CHANGES_MAX: Final = 12
INCIDENTS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class SqlNews:
    """Reads what is new of a session. Every method raises StoreUnavailable."""

    engine: Engine

    def closed(self, session_id: SessionId, since_ns: int, limit: int) -> Sequence[Message]:
        known = (
            select(messages.c.message_id)
            .where(
                messages.c.session_id == session_id,
                messages.c.kind == MessageKind.TRADE_CLOSED.value,
                messages.c.key == trades.c.trade_id,
            )
            .exists()
        )
        fees = (
            select(func.sum(FEE_KRW))
            .select_from(FILLED)
            .where(orders.c.trade_id == trades.c.trade_id)
            .correlate(trades)
            .scalar_subquery()
        )
        wanted = (
            select(trades, fees.label("fees_krw"))
            .where(
                trades.c.session_id == session_id,
                trades.c.closed_at_ns >= since_ns,
                trades.c.state == TradeState.CLOSED.value,
                ~known,
            )
            .order_by(trades.c.closed_at_ns)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return tuple(map(_closed, connection.execute(wanted)))

    def rules(self, session_id: SessionId, since_ns: int) -> Sequence[Message]:
        wanted = (
            select(generations)
            .where(generations.c.session_id == session_id)
            .order_by(generations.c.number.desc())
            .limit(10)
        )
        with reading(self.engine) as connection:
            newest_last = connection.execute(wanted).all()[::-1]
        pairs = pairwise(newest_last)
        return tuple(_rules(before, row) for before, row in pairs if row.frozen_at_ns >= since_ns)

    def day(self, session_id: SessionId, day: Span, zone: ZoneInfo) -> Message | None:
        taken_ns = SNAPSHOTS["session"].c.taken_at_ns
        ran = select(func.count()).where(
            SNAPSHOTS["session"].c.session_id == session_id, taken_ns.between(day.from_ns, day.to_ns)
        )
        with reading(self.engine) as connection:
            ended = _ended(connection, session_id, day)
            if not ended.number and not connection.execute(ran).scalar_one():
                return None
            facts = {
                "day": date_of(day.from_ns, zone),
                "pnl_krw": plain(ended.pnl_krw or ZERO),
                "trades": str(ended.number),
                "won": str(ended.won),
                "lost": str(ended.lost),
                "open": str(_open(connection, session_id)),
                **_fees(connection, session_id, day),
                "incidents": _incidents(connection, session_id, day),
            }
        held = SqlKept(self.engine).balances(session_id, Span(to_ns=day.to_ns))
        facts["inventory"] = _inventory({key: total for key, (total, _) in held.items()})
        return Message(kind=MessageKind.DAY_SUMMARY, key=facts["day"], at_ns=day.to_ns, facts=facts)


def _closed(row: Any) -> Message:
    facts = {
        "trade_id": row.trade_id,
        "coin": row.coin,
        "direction": row.direction.replace("_", " "),
        "reason": row.reason.replace("_", " ") or "unknown",
        "held_s": str((row.closed_at_ns - row.opened_at_ns) // NS_PER_S),
        "pnl_krw": plain(row.pnl_krw),
        "pnl_bps": plain(bps(row.pnl_krw, row.notional_krw)) if row.notional_krw else "",
        "entry_premium_bps": plain(row.entry_premium_bps),
        "notional_amount_krw": plain(row.notional_krw),
        "fees_amount_krw": "" if row.fees_krw is None else plain(row.fees_krw),
    }
    return Message(kind=MessageKind.TRADE_CLOSED, key=row.trade_id, at_ns=row.closed_at_ns, facts=facts)


def _rules(before: Any, row: Any) -> Message:
    found = [str(change) for change in changes(before.settings, row.settings)]
    more = [f"and {len(found) - CHANGES_MAX} more"] if len(found) > CHANGES_MAX else []
    facts = {
        "number": str(row.number),
        "why": row.why,
        "changes": "\n".join((*found[:CHANGES_MAX], *more)),
    }
    return Message(kind=MessageKind.RULES_CHANGED, key=str(row.number), at_ns=row.frozen_at_ns, facts=facts)


def _ended(connection: Connection, session_id: SessionId, day: Span) -> Any:
    summed = select(
        func.count().label("number"),
        func.sum(trades.c.pnl_krw).label("pnl_krw"),
        func.count().filter(trades.c.pnl_krw > 0).label("won"),
        func.count().filter(trades.c.pnl_krw < 0).label("lost"),
    ).where(
        trades.c.session_id == session_id,
        trades.c.closed_at_ns.between(day.from_ns, day.to_ns),
        trades.c.state.in_((TradeState.CLOSED.value, TradeState.ESCALATED.value)),
    )
    return connection.execute(summed).one()


def _open(connection: Connection, session_id: SessionId) -> int:
    counted = select(func.count()).where(trades.c.session_id == session_id, trades.c.state.in_(ACTIVE))
    return int(connection.execute(counted).scalar_one())


def _fees(connection: Connection, session_id: SessionId, day: Span) -> dict[str, str]:
    """Return the fees of the trades that ended, by asset and in KRW; unknown where one has no value yet."""
    summed = (
        select(
            fills.c.fee_asset,
            func.sum(fills.c.fee).label("fee"),
            func.sum(FEE_KRW).label("krw"),
            func.bool_and(FEE_KRW.is_not(None)).label("is_valued"),
        )
        .select_from(FILLED.join(trades, trades.c.trade_id == orders.c.trade_id))
        .where(trades_in(session_id, day), trades.c.closed_at_ns > 0)
        .group_by(fills.c.fee_asset)
        .order_by(fills.c.fee_asset)
    )
    rows = connection.execute(summed).all()
    is_valued = all(row.is_valued for row in rows)
    return {
        "fees": ", ".join(f"{_short(row.fee)} {row.fee_asset}" for row in rows) or "none",
        "fees_amount_krw": plain(sum((row.krw for row in rows), ZERO)) if is_valued else "",
    }


def _incidents(connection: Connection, session_id: SessionId, day: Span) -> str:
    """Return what was alarmed, the worst first."""
    counted = (
        select(alerts.c.severity, alerts.c.kind, func.count().label("number"))
        .where(
            alerts.c.session_id == session_id,
            alerts.c.at_ns.between(day.from_ns, day.to_ns),
            alerts.c.severity != "info",
        )
        .group_by(alerts.c.severity, alerts.c.kind)
    )
    rows = sorted(connection.execute(counted), key=lambda row: (row.severity, -row.number, row.kind))
    if not rows:
        return "none"
    by_severity: Counter[str] = Counter()
    for row in rows:
        by_severity[row.severity] += row.number
    counts = ", ".join(f"{number} {severity}" for severity, number in by_severity.items())
    named = ", ".join(f"{row.kind} {row.number}" for row in rows[:INCIDENTS_MAX])
    return f"{counts} ({named}{', ...' if len(rows) > INCIDENTS_MAX else ''})"


def _inventory(held: Mapping[tuple[Venue, str], Decimal]) -> str:
    venues = sorted({venue for venue, _ in held})
    return "; ".join(
        f"{venue.value} "
        + ", ".join(
            f"{_short(amount)} {asset}" for (of, asset), amount in sorted(held.items()) if of is venue
        )
        for venue in venues
    )


def _short(amount: Decimal) -> str:
    """Return an amount to six digits after the point at most."""
    text = f"{amount:,.6f}".rstrip("0").rstrip(".")
    return text if amount and text not in ("0", "-0") else "0"
