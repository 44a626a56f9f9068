"""How a session does, in one line: what `arb up --loops` prints, and `live_loop.log` has every half minute.

Each source is read by itself: what cannot be read is `-`, and the rest is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final

from arb.adapters.local.machine import PsutilMachine
from arb.app.facts.sources import at_risk, or_none
from arb.app.judge import report_of
from arb.app.wiring import Engine
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MINUTE, is_within
from arb.domain.trading.exits import STOP_LOSS
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.health.probes.machine import Machine, ProcessUsage
from arb.engine.trading.close import EXITS
from arb.engine.trading.signals import EXECUTED, FOUND, SIGNALS
from arb.stack.home import Home
from arb.stack.status import SUPERVISOR, processes_of
from config.settings import RunMode

UNREAD: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The figures of a line, in its order; None is what could not be read."""

    pnl_krw: Decimal | None = None
    realised_krw: Decimal | None = None
    trades: int | None = None
    open_positions: int | None = None
    exposure_krw: Decimal | None = None
    signals: int | None = None
    executed_pct: Decimal | None = None
    rejections: int | None = None
    refusals: int | None = None
    stop_losses: int | None = None
    loop_latency_ms: Decimal | None = None
    cpu_pct: Decimal | None = None
    rss_mb: Decimal | None = None
    mode: str | None = None
    environment: str | None = None
    live: bool | None = None

    def facts(self) -> dict[str, str]:
        """Return name and text of each figure."""
        return {each.name: _text(getattr(self, each.name)) for each in fields(self)}

    def line(self) -> str:
        """Return the figures as one line of `name=value` pairs."""
        return " ".join(f"{name}={value}" for name, value in self.facts().items())


@dataclass(frozen=True, slots=True)
class MetricsReader:
    """Reads lines one after the other: the load of processes is since the last one."""

    machine: Machine

    @classmethod
    def of(cls, home: Home) -> "MetricsReader":
        """Return the reader of the stack of a home; nothing is looked at yet."""
        return cls(PsutilMachine(lambda: processes_of(home), ()))

    def read(self, engine: Engine) -> Metrics:
        """Return how the engine's session does now; never raises for what is away."""
        now_ns = engine.clock.now_ns()
        report = or_none(lambda: report_of(engine).run({}))
        trades = or_none(lambda: [view.trade for view in at_risk(engine)])
        counts = or_none(engine.counters.read)
        session = or_none(lambda: engine.sessions.get(engine.session_id))
        signals = None if counts is None else counts.get(SIGNALS, {})
        usages = self._processes(now_ns)
        mode = engine.settings.mode
        return Metrics(
            pnl_krw=None if report is None else report.pnl_krw,
            realised_krw=None if report is None else report.realised_krw,
            trades=None if report is None else sum(report.trades.values()),
            open_positions=None if trades is None else sum(each.state is TradeState.OPEN for each in trades),
            exposure_krw=None if trades is None else sum((each.notional_krw for each in trades), ZERO),
            signals=None if signals is None else signals.get(FOUND, 0),
            executed_pct=None if signals is None else _share_pct(signals),
            rejections=None if report is None else report.orders.get(OrderState.REJECTED, 0),
            refusals=None if counts is None else sum(counts.get("refused", {}).values()),
            stop_losses=None if counts is None else counts.get(EXITS, {}).get(STOP_LOSS, 0),
            loop_latency_ms=or_none(lambda: _loop_latency_ms(engine, now_ns)),
            cpu_pct=_sum([usage.cpu_pct for usage in usages]),
            rss_mb=_sum([usage.rss_mb for usage in usages]),
            mode=None if session is None else session.mode.value,
            environment=mode.value,
            live=mode is RunMode.LIVE,
        )

    def _processes(self, now_ns: int) -> Sequence[ProcessUsage]:
        """Return what the processes of the stack take; nothing where no supervisor knows them."""
        usages = self.machine.processes(now_ns)
        return usages if any(usage.name == SUPERVISOR for usage in usages) else ()


def _loop_latency_ms(engine: Engine, now_ns: int) -> Decimal | None:
    """Return what the slowest queue took lately from publishing a task to its start."""
    found = [
        Decimal(facts["latency_us"]) / 1_000
        for facts in engine.stores.canaries.read().values()
        if is_within(int(facts["at_ns"]), now_ns, NS_PER_MINUTE)
    ]
    return max(found, default=None)


def _share_pct(signals: Mapping[str, int]) -> Decimal | None:
    found = signals.get(FOUND, 0)
    return Decimal(signals.get(EXECUTED, 0)) * 100 / found if found else None


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _text(value: object) -> str:
    match value:
        case None:
            return UNREAD
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:.1f}"
        case _:
            return str(value)
