"""What a person who looks at a session wants to see beside its trades: its latest events, alerts, and profit
over time. Every query is bounded, however long the session has been running.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Engine, func, or_, select, union_all

from arb.adapters.postgres import archive
from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.export import FEE_KRW
from arb.adapters.postgres.exposure import exposure
from arb.adapters.postgres.latency import latencies_s
from arb.adapters.postgres.tables import SNAPSHOTS, alerts, fills, order_events, orders, sessions, trades
from arb.adapters.postgres.views import OUT
from arb.domain.market.ids import SessionId
from arb.domain.risk.review import Exposure, Mode
from arb.domain.time import NS_PER_MS, Span
from arb.domain.trading.order import OrderState

POINTS_MAX: Final = 240  # of the profit curve
ORDERS_LOOKED_AT: Final = 40
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SqlDashboard:
    """Reads of one session; each raises StoreUnavailable."""

    engine: Engine
    session_id: SessionId

    def events(self, limit: int) -> list[Row]:
        """Return what happened to the newest orders and trades, newest first."""
        recent = (
            select(orders.c.client_order_id, orders.c.trade_id)
            .where(orders.c.session_id == self.session_id)
            .order_by(orders.c.created_at_ns.desc())
            .limit(ORDERS_LOOKED_AT)
            .cte("recent")
        )
        of_orders = (
            select(
                order_events.c.at_ns,
                order_events.c.client_order_id.label("subject"),
                order_events.c.to_state.label("state"),
                orders.c.venue,
                orders.c.symbol,
                orders.c.side,
                orders.c.purpose,
                order_events.c.reason,
            )
            .join(recent, recent.c.client_order_id == order_events.c.client_order_id)
            .join(orders, orders.c.client_order_id == order_events.c.client_order_id)
        )
        of_trades = select(
            trades.c.updated_at_ns,
            trades.c.trade_id,
            trades.c.state,
            func.concat("").label("venue"),
            trades.c.coin,
            trades.c.direction,
            func.concat("trade").label("purpose"),
            trades.c.reason,
        ).where(trades.c.trade_id.in_(select(recent.c.trade_id)))
        both = union_all(of_orders, of_trades).subquery()
        wanted = select(both).order_by(both.c.at_ns.desc(), both.c.subject).limit(limit)
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(wanted)]

    def alerts(self, limit: int) -> list[Row]:
        """Return the newest alerts of this session, newest first; one of none may be of another mode."""
        wanted = (
            select(alerts)
            .where(alerts.c.session_id == self.session_id)
            .order_by(alerts.c.at_ns.desc())
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(wanted)]

    def closed(self, limit: int) -> list[Row]:
        """Return the newest trades that have ended with something filled, newest first, their fees in KRW."""
        fees = (
            select(func.sum(FEE_KRW))
            .select_from(fills.join(orders, orders.c.client_order_id == fills.c.client_order_id))
            .where(orders.c.trade_id == trades.c.trade_id)
            .correlate(trades)
            .scalar_subquery()
        )
        columns = ("trade_id", "coin", "direction", "state", "reason", "opened_at_ns", "closed_at_ns")
        amounts = ("entry_premium_bps", "notional_krw", "pnl_krw")
        wanted = (
            select(*(trades.c[name] for name in (*columns, *amounts)), fees.label("fees_krw"))
            .where(
                trades.c.session_id == self.session_id,
                trades.c.closed_at_ns > 0,
                trades.c.state.in_(("closed", "handed_over")),
            )
            .order_by(trades.c.closed_at_ns.desc())
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(wanted)]

    def profit_curve(self, now_ns: int) -> list[tuple[int, Decimal]]:
        """Return (Unix milliseconds, realised KRW until then), at most `POINTS_MAX` of them."""
        with reading(self.engine) as connection:
            began_ns = connection.execute(
                select(sessions.c.started_at_ns).where(sessions.c.session_id == self.session_id)
            ).scalar_one()
            kept = select(trades.c.closed_at_ns, trades.c.pnl_krw).where(
                trades.c.session_id == self.session_id, ~trades.c.archived, trades.c.state.not_in(ACTIVE)
            )
            ended = [(row.closed_at_ns, row.pnl_krw) for row in connection.execute(kept)]
            ended += archive.profits(connection, self.session_id, now_ns)
        step_ns = max(NS_PER_MS, (now_ns - began_ns) // POINTS_MAX)
        total, points = Decimal(0), [(began_ns // NS_PER_MS, Decimal(0))]
        for _, group in groupby(sorted(ended), lambda each: (each[0] - began_ns) // step_ns):
            together = list(group)
            total += sum(krw for _, krw in together)
            points.append((together[-1][0] // NS_PER_MS, total))
        return points

    def exposure(self, mode: Mode, now_ns: int) -> Exposure:
        """Return what is at risk now, by the session's mode."""
        with reading(self.engine) as connection:
            return exposure(connection, self.session_id, mode, now_ns)

    def orders_by_state(self) -> list[tuple[str, OrderState, int]]:
        """Return (venue, state, how many)."""
        kept = (
            select(orders.c.venue, orders.c.state, func.count().label("number"))
            .where(orders.c.session_id == self.session_id, ~orders.c.archived)
            .group_by(orders.c.venue, orders.c.state)
        )
        with reading(self.engine) as connection:
            found = Counter({(row.venue, row.state): row.number for row in connection.execute(kept)})
            for row in archive.sums(connection, self.session_id, "orders"):
                found[archive.first(row.name), archive.second(row.name)] += row.number
        return [(venue, OrderState(state), number) for (venue, state), number in found.items()]

    def unknown_age_ns(self, now_ns: int) -> int:
        """Return how long ago the oldest order whose outcome is not known was claimed, 0 if there is none."""
        oldest = select(func.min(orders.c.claimed_at_ns)).where(
            orders.c.session_id == self.session_id, orders.c.state.in_(OUT)
        )
        with reading(self.engine) as connection:
            since_ns = connection.execute(oldest).scalar_one_or_none()
        return 0 if since_ns is None else now_ns - since_ns

    def latencies_s(self, since_ns: int, quantiles: Sequence[str]) -> dict[str, list[float]]:
        """Return the quantiles of each stage of the orders decided since then."""
        with reading(self.engine) as connection:
            return latencies_s(connection, self.session_id, Span(from_ns=since_ns), quantiles)

    def alerts_by_kind(self) -> list[tuple[str, str, int]]:
        """Return (kind, severity, how many) of this session's alerts and of those of none."""
        counted = (
            select(alerts.c.kind, alerts.c.severity, func.count().label("number"))
            .where(or_(alerts.c.session_id == self.session_id, alerts.c.session_id.is_(None)))
            .group_by(alerts.c.kind, alerts.c.severity)
        )
        with reading(self.engine) as connection:
            return [(row.kind, row.severity, row.number) for row in connection.execute(counted)]

    def snapshot_age_ns(self, now_ns: int) -> int | None:
        """Return how old the newest snapshot is, None if there is none."""
        images = SNAPSHOTS["session"]
        newest = select(func.max(images.c.taken_at_ns)).where(images.c.session_id == self.session_id)
        with reading(self.engine) as connection:
            taken_ns = connection.execute(newest).scalar_one_or_none()
        return None if taken_ns is None else now_ns - taken_ns
