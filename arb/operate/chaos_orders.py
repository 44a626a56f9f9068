"""`arb chaos orders`: a stack of its own, the storm over it, and what the venues say afterwards."""

from collections.abc import Iterable, Mapping
from typing import Final

import psutil

from arb.adapters.sql.report import SqlReportStore
from arb.bootstrap import Engine
from arb.chaos.checkers import Check
from arb.chaos.orders.figures import Figures, figures
from arb.chaos.orders.killer import Killer
from arb.chaos.orders.run import OrderChaos
from arb.chaos.orders.switchboard import Switchboard
from arb.chaos.orders.verdict import Outcome
from arb.console.judge import check_of
from arb.domain.errors import InvariantError
from arb.domain.ids import Venue
from arb.operate import stack
from arb.operate.demo import interruptible
from arb.runtime.control import ProcessStatus, Supervisor
from arb.runtime.shutdown import Progress, stop_stack

ERRORS: Final = ("order_retries", "orders_rejected", "orders_unknown", "venue_errors", "settle_waits")
NS_PER_S: Final = 1_000_000_000
START_CPU_S: Final = 1.6  # importing everything takes 1.2
START_S_MAX: Final = 15  # beat idles once it runs


def run(plan: stack.Plan, seed: int, trades: int, progress: Progress) -> Outcome:
    """Run it; whatever happens, nothing keeps running.

    Raises: ConfigError, StackError, VenueError, StoreUnavailable; Interrupted by Ctrl-C or SIGTERM.
    """
    with interruptible():
        engine = stack.start(plan, progress)
        try:
            return _weather(engine, plan, seed, trades, progress)
        finally:
            stop_stack(plan.home, progress)


def _weather(engine: Engine, plan: stack.Plan, seed: int, trades: int, progress: Progress) -> Outcome:
    started_ns = engine.clock.now_ns()
    chaos = _chaos(engine, plan, seed, trades, progress)
    try:
        chaos.storm()
    finally:
        chaos.killer.stop()
    rested = chaos.calm()
    progress("asking the venues what really happened")
    check = check_of(engine)
    return Outcome(
        seed=seed,
        trades_wanted=trades,
        findings=check.run(),
        figures=_figures(check),
        rested=rested,
        kills=dict(sorted(chaos.killer.kills.items())),
        faults=dict(sorted(chaos.switchboard.struck().items())),
        errors=_errors(engine.counters.read()),
        duration_s=(engine.clock.now_ns() - started_ns) / NS_PER_S,
    )


def _chaos(engine: Engine, plan: stack.Plan, seed: int, trades: int, progress: Progress) -> OrderChaos:
    report = SqlReportStore(engine.trades.engine)
    settings = engine.settings
    urls = {Venue.BINANCE: settings.binance.rest_url, Venue.UPBIT: settings.upbit.rest_url}
    return OrderChaos(
        seed=seed,
        trades_wanted=trades,
        opened=lambda: sum(report.totals(engine.session_id).trades.values()),
        switchboard=Switchboard(base_urls=urls),
        killer=Killer(seed, lambda: at_work(Supervisor(plan.home).statuses()), engine.clock),
        drain=engine.drain,
        clock=engine.clock,
        progress=progress,
    )


def _errors(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    named = {f"{name} {reason}": count for name in ERRORS for reason, count in counts.get(name, {}).items()}
    return dict(sorted(named.items()))


def at_work(statuses: Iterable[ProcessStatus]) -> dict[str, int]:
    """Return the pids of the programs that got through their start.

    Told by the processor time they used: on a busy machine a process can be killed again and again before
    it has done anything, and a stack in which nothing ever works shows nothing about the stack.
    """
    return {
        each.name: each.pid
        for each in statuses
        if each.pid is not None and each.is_running and _has_started(each.pid, each.uptime_s)
    }


def _has_started(pid: int, uptime_s: int) -> bool:
    try:
        used = psutil.Process(pid).cpu_times()
    except psutil.Error:  # it is gone
        return False
    return used.user + used.system >= START_CPU_S or uptime_s >= START_S_MAX


def _figures(check: Check) -> Figures:
    if check.read_venues is None:
        raise InvariantError("order chaos needs simulated venues")
    venues = check.read_venues()
    return figures(check.read_engine(), venues)
