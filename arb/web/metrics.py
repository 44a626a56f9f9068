"""What each source of the stack tells Prometheus; one that raises an ArbError is away."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

from arb.adapters.postgres.dashboard import SqlDashboard
from arb.app.facts.model import process_lines, quote_line
from arb.app.facts.sources import Sources
from arb.app.wiring import Engine
from arb.domain.health.degradation import Degree
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.trading.order import TERMINAL, OrderState
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import ENDED, MOVING
from arb.engine.market.markets import shown_rate
from arb.stack.home import Home
from arb.stack.memory import resident_bytes
from arb.web.budget import budget
from arb.web.scrape import Sample, Source

S: Final = 1e9
QUANTILES: Final = ("0.5", "0.9", "0.99")
WINDOW_NS: Final = 300 * 1_000_000_000


class StackMetrics:
    """Reads the samples of a running stack."""

    def __init__(self, engine: Callable[[], Engine], home: Home, kill: Callable[[], str | None]) -> None:
        self._engine, self._home, self._kill = engine, home, kill
        self._wired: Sources | None = None

    def sources(self) -> dict[str, Source]:
        """Return every source by its name; of processes only where a stack was started, supervised."""
        supervised: dict[str, Source] = {"processes": self.processes} if self._home.holds_stack() else {}
        return {
            "quotes": self.quotes,
            "session": self.session,
            "trades": self.trades,
            "orders": self.orders,
            "report": self.report,
            "risk": self.risk,
            "alerts": self.alerts,
            "broker": self.broker,
            "fallback": self.fallback,
            **supervised,
            "heartbeats": self.heartbeats,
            "counters": self.counters,
        }

    def quotes(self) -> Iterator[Sample]:
        engine, now_ns = self._engine(), self._now_ns()
        sources = self._sources()
        books = sources.books()
        for (venue, symbol), book in books.items():
            yield "arb_quote_age_seconds", (venue.value, symbol), (now_ns - book.ts_recv_ns) / S
        if (rate := shown_rate(engine.markets.pair, books)) is not None:
            yield "arb_krw_per_usdt", (), rate
        notional = engine.settings.leg_notional
        for coin in sources.coins:
            market = engine.markets.assemble(coin, books)
            line = quote_line(engine.markets.pair, coin, books, market, notional, now_ns)
            if line.premium_bps is not None:
                yield "arb_premium_bps", (coin,), line.premium_bps
            if line.edge_bps is not None:
                yield "arb_edge_bps", (coin,), line.edge_bps

    def session(self) -> Iterator[Sample]:
        yield "arb_killed", (), float(self._kill() is not None)
        yield "arb_degradation_degree", (), int(self._engine().stores.board.degree())
        session = self._sources().session()
        if session is not None:
            yield "arb_session_start_seconds", (), session.started_at_ns / S
            for mode in Mode:
                yield "arb_mode", (mode.value,), float(session.mode is mode)
        age_ns = self._sql().snapshot_age_ns(self._now_ns())
        if age_ns is not None:
            yield "arb_snapshot_age_seconds", (), age_ns / S

    def trades(self) -> Iterator[Sample]:
        active, now_ns = self._sources().active(), self._now_ns()
        yield "arb_trades_open", (), len(active)
        at_risk = self._sources().at_risk()
        uneven = [view.trade for view in at_risk if trade_position(view.orders).imbalance]
        yield "arb_trades_unhedged", (), len(uneven)
        since_ns = (trade.moving_since_ns for trade in uneven if trade.state in MOVING or trade.stands_alone)
        yield "arb_unhedged_age_seconds", (), (now_ns - min(since_ns, default=now_ns)) / S

    def orders(self) -> Iterator[Sample]:
        sql, now_ns = self._sql(), self._now_ns()
        counts = {(venue, state): number for venue, state, number in sql.orders_by_state()}
        for venue, state in product(Venue, OrderState):
            name = "arb_orders_total" if state in TERMINAL else "arb_orders_working"
            yield name, (venue.value, state.value), counts.get((venue, state), 0)
        yield "arb_order_unknown_age_seconds", (), sql.unknown_age_ns(now_ns) / S
        if self._engine().stores.board.degree() >= Degree.LEAN:
            return
        for stage, quantiles in sql.latencies_s(now_ns - WINDOW_NS, QUANTILES).items():
            for quantile, seconds in zip(QUANTILES, quantiles, strict=True):
                yield "arb_order_latency_seconds", (stage, quantile), seconds

    def report(self) -> Iterator[Sample]:
        report = self._sources().report()
        for state in sorted(ENDED):  # those at 0 too: what appears at 1 has not increased, to Prometheus
            yield "arb_trades_total", (state.value,), report.trades.get(state, 0)
        yield "arb_fills_total", (), report.fills
        for (venue, asset), fee in report.fees.items():
            yield "arb_fees_total", (venue.value, asset), fee
        if report.pnl_krw is not None:
            yield "arb_pnl_krw", (), report.pnl_krw
        yield "arb_realised_krw", (), report.realised_krw

    def risk(self) -> Iterator[Sample]:
        for line in budget(self._engine().settings, self._sql().exposure(Mode.NORMAL, self._now_ns())):
            yield "arb_risk_used_ratio", (line["name"],), line["used"] / line["limit"]
            if line["signed"] is not None:
                yield f"arb_{line['name']}_krw", (), line["signed"]
                yield f"arb_{line['name']}_limit_krw", (), line["limit"]

    def alerts(self) -> Iterator[Sample]:
        yield from (
            ("arb_alerts_total", (kind, severity), number)
            for kind, severity, number in self._sql().alerts_by_kind()
        )
        yield "arb_dead_letters", (), self._engine().stores.dead_letters.waiting()

    def broker(self) -> Iterator[Sample]:
        sources = self._sources()
        yield from (("arb_queue_depth", (name, "redis"), depth) for name, depth in sources.queues().items())
        yield "arb_redis_memory_bytes", (), sources.redis_bytes()

    def fallback(self) -> Iterator[Sample]:
        depths = self._sources().fallback_queues()
        yield from (("arb_queue_depth", (name, "postgres"), depth) for name, depth in depths.items())

    def processes(self) -> Iterator[Sample]:
        for status in self._sources().processes():
            yield "arb_process_up", (status.name,), float(status.is_running)
            yield "arb_process_uptime_seconds", (status.name,), status.uptime_s
            yield "arb_process_exits_total", (status.name,), status.exits
            resident = resident_bytes(status.pid)
            if resident is not None:
                yield "arb_process_resident_bytes", (status.name,), resident

    def heartbeats(self) -> Iterator[Sample]:
        lines = process_lines(None, self._sources().heartbeats(), self._now_ns()) or ()
        for line in lines:
            if line.heartbeat_age_ms is not None:
                yield "arb_heartbeat_age_seconds", (line.name,), line.heartbeat_age_ms / 1e3

    def counters(self) -> Iterator[Sample]:
        for name, reasons in self._sources().counters().items():
            for reason, number in reasons.items():
                if name == "refused":
                    yield "arb_refusals_total", (reason,), number
                else:
                    yield "arb_events_total", (name, reason), number

    def _sources(self) -> Sources:
        engine = self._engine()
        if self._wired is None:
            self._wired = Sources.of(engine, self._home)
        self._wired = self._wired.following(engine)
        return self._wired

    def _sql(self) -> SqlDashboard:
        engine = self._engine()
        return SqlDashboard(engine.stores.trades.engine, engine.session_id)

    def _now_ns(self) -> int:
        return self._engine().clock.now_ns()
