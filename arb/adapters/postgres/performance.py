"""The figures of `arb.domain.ledger.performance` in SQL: the database adds up, one view of one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine, Float, case, cast, func, select

from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.dashboard import SqlDashboard
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.latency import latencies_s
from arb.adapters.postgres.report import trades_in
from arb.adapters.postgres.tables import fills, mode_changes, orders, recoveries, trades
from arb.domain.ledger.performance import (
    DayLine,
    Performance,
    RecoveryLine,
    SlippageLine,
    seconds_in_mode,
)
from arb.domain.market.ids import SessionId
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO, fraction
from arb.domain.risk.review import Mode
from arb.domain.time import ALWAYS, NS_PER_MINUTE, NS_PER_MS, Span, date_of

PERCENTILES: Final = {"p50": "0.5", "p90": "0.9", "p99": "0.99"}
QUARTER_NS: Final = 15 * NS_PER_MINUTE  # of an hour: a day of whichever zone is made of whole ones
SIGN: Final = case((orders.c.side == Side.BUY.value, 1), else_=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlPerformance:
    """Reads one session; raises StoreUnavailable."""

    engine: Engine
    session_id: SessionId
    slip_bps: Decimal  # the allowance of the orders' limits
    span: Span = ALWAYS
    zone: tzinfo | None = UTC  # of its days; None: the machine's own

    def read(self, now_ns: int) -> Performance:
        """Return the figures until now, or until the session ended."""
        with reading(self.engine) as connection:
            return Performance(
                by_day=self._by_day(connection),
                slippage=self._slippage(connection),
                latency_ms=self._latency_ms(connection),
                seconds_in_mode=self._modes(connection, now_ns),
                recoveries=self._recoveries(connection),
                profit_curve=tuple(self._profit_curve(now_ns)),
            )

    def _profit_curve(self, now_ns: int) -> Iterator[tuple[int, Decimal]]:
        first_ms, last_ms = self.span.from_ns // NS_PER_MS, self.span.to_ns // NS_PER_MS
        for at_ms, krw in SqlDashboard(self.engine, self.session_id).profit_curve(now_ns):
            if first_ms <= at_ms <= last_ms:
                yield at_ms, krw

    def _by_day(self, connection: Connection) -> tuple[DayLine, ...]:
        quarter = (trades.c.closed_at_ns // QUARTER_NS).label("quarter")
        krw = func.sum(trades.c.pnl_krw).label("krw")
        summed = (
            select(quarter, trades.c.coin, func.count().label("number"), krw)
            .where(trades_in(self.session_id, self.span), trades.c.state.not_in(ACTIVE))
            .group_by(quarter, trades.c.coin)
        )
        found: dict[tuple[str, str], tuple[int, Decimal]] = {}
        for row in connection.execute(summed):
            key = date_of(int(row.quarter) * QUARTER_NS, self.zone), row.coin
            number, so_far = found.get(key, (0, ZERO))
            found[key] = number + row.number, so_far + row.krw
        return tuple(
            DayLine(day=day, coin=coin, trades=number, pnl_krw=total)
            for (day, coin), (number, total) in sorted(found.items())
        )

    def _slippage(self, connection: Connection) -> tuple[SlippageLine, ...]:
        price = func.sum(fills.c.price * fills.c.quantity) / func.sum(fills.c.quantity)
        decided = orders.c.limit_price / (1 + SIGN * fraction(self.slip_bps))
        each = (
            select(
                orders.c.venue,
                orders.c.purpose,
                (SIGN * (price - decided) / decided * 10_000).label("bps"),
            )
            .join(fills, fills.c.client_order_id == orders.c.client_order_id)
            .where(
                orders.c.session_id == self.session_id,
                orders.c.created_at_ns.between(self.span.from_ns, self.span.to_ns),
            )
            .group_by(orders.c.client_order_id)
            .subquery()
        )
        wanted = (
            select(
                each.c.venue,
                each.c.purpose,
                func.count().label("number"),
                func.avg(each.c.bps).label("mean"),
                _percentile(each.c.bps, 0.5).label("median"),
                _percentile(each.c.bps, 0.95).label("p95"),
            )
            .group_by(each.c.venue, each.c.purpose)
            .order_by(each.c.venue, each.c.purpose)
        )
        return tuple(
            SlippageLine(
                venue=row.venue,
                purpose=row.purpose,
                orders=row.number,
                mean_bps=row.mean,
                median_bps=Decimal(row.median),
                p95_bps=Decimal(row.p95),
            )
            for row in connection.execute(wanted)
        )

    def _latency_ms(self, connection: Connection) -> dict[str, dict[str, int]]:
        found = latencies_s(connection, self.session_id, self.span, tuple(PERCENTILES.values()))
        return {
            stage: dict(zip(PERCENTILES, (round(value * 1000) for value in values), strict=True))
            for stage, values in found.items()
        }

    def _modes(self, connection: Connection, now_ns: int) -> dict[Mode, int]:
        changes = (
            select(mode_changes.c.at_ns, mode_changes.c.mode)
            .where(mode_changes.c.session_id == self.session_id)
            .order_by(mode_changes.c.at_ns, mode_changes.c.mode_change_id)
        )
        until_ns = min(now_ns, self.span.to_ns)
        found = [
            (min(max(row.at_ns, self.span.from_ns), until_ns), Mode(row.mode))
            for row in connection.execute(changes)
        ]
        return seconds_in_mode(found, until_ns)

    def _recoveries(self, connection: Connection) -> tuple[RecoveryLine, ...]:
        took_ms = (recoveries.c.recovered_at_ns - recoveries.c.lost_at_ns) / 1_000_000
        summed = (
            select(
                recoveries.c.component,
                func.count().label("number"),
                _percentile(took_ms, 0.5).label("median"),
                func.max(took_ms).label("most"),
            )
            .where(
                recoveries.c.session_id == self.session_id,
                recoveries.c.recovered_at_ns.between(self.span.from_ns, self.span.to_ns),
            )
            .group_by(recoveries.c.component)
            .order_by(recoveries.c.component)
        )
        return tuple(
            RecoveryLine(
                component=row.component, count=row.number, median_ms=round(row.median), max_ms=round(row.most)
            )
            for row in connection.execute(summed)
        )


def _percentile(value: Any, share: float) -> Any:
    return func.percentile_cont(share).within_group(cast(value, Float))
