"""`arb chaos orders`: a stack of its own, the storm over it, and what the venues say afterwards."""

from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Final
from xmlrpc.client import Fault

from sqlalchemy import select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.report import SqlReportStore
from arb.adapters.postgres.tables import orders
from arb.app import start as stack
from arb.app.demo import interruptible
from arb.app.judge import check_of
from arb.app.wiring import Engine
from arb.chaos.orders.figures import figures_of
from arb.chaos.orders.killer import Killer
from arb.chaos.orders.marksman import Marksman
from arb.chaos.orders.plan import faults_of
from arb.chaos.orders.readiness import Readiness, Spawned
from arb.chaos.orders.run import OrderChaos
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.chaos.orders.verdict import RunVerdict
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.stack.control import Supervisor
from arb.stack.shutdown import Progress, stop_stack

IN_HAND_NS: Final = NS_PER_S // 2
ERRORS: Final = ("order_retries", "orders_rejected", "orders_unknown", "venue_errors", "settle_waits")


def run(plan: stack.StackPlan, seed: int, trades: int, progress: Progress) -> RunVerdict:
    """Run it; whatever happens, nothing keeps running.

    Raises: ConfigError, StackError, VenueError, StoreUnavailable; Interrupted by Ctrl-C or SIGTERM.
    """
    with interruptible():
        engine = stack.start(plan, progress)
        try:
            return _weather(engine, plan, seed, trades, progress)
        finally:
            stop_stack(plan.home, progress)


def _weather(engine: Engine, plan: stack.StackPlan, seed: int, trades: int, progress: Progress) -> RunVerdict:
    started_ns = engine.clock.now_ns()
    chaos = _chaos(engine, plan, seed, trades, progress)
    try:
        halted = chaos.storm()
    finally:
        chaos.stop_killing()
    rested = chaos.calm()
    progress("asking the venues what really happened")
    check = check_of(engine)
    return RunVerdict(
        seed=seed,
        trades_wanted=trades,
        findings=check.run(),
        figures=figures_of(check),
        rested=rested,
        halted=halted,
        kills=chaos.kills,
        faults=dict(sorted(chaos.switchboard.struck().items())),
        errors=_errors(engine.counters.read()),
        duration_s=(engine.clock.now_ns() - started_ns) / NS_PER_S,
    )


def _chaos(engine: Engine, plan: stack.StackPlan, seed: int, trades: int, progress: Progress) -> OrderChaos:
    report = SqlReportStore(engine.trades.engine)
    settings, supervisor = engine.settings, Supervisor(plan.home)
    readiness = Readiness(plan.home.logs)
    urls = settings.rest_urls

    def at_work() -> Mapping[str, int]:
        return readiness.at_work(_spawned(supervisor))

    return OrderChaos(
        faults=partial(faults_of, seed),
        trades_wanted=trades,
        kills_wanted=1,
        trades_so_far=lambda: sum(report.totals(engine.session_id).trades.values()),
        switchboard=SimulatorControl(base_urls=urls),
        killer=Killer(seed, at_work, engine.clock),
        marksman=Marksman(seed, at_work, partial(_in_hand, engine), engine.clock),
        drain=engine.kill.drain,
        clock=engine.clock,
        progress=progress,
    )


def _in_hand(engine: Engine) -> bool:
    """Tell whether somebody has an order in hand: just claimed, and nothing known of it yet."""
    just_claimed = select(orders.c.client_order_id).where(
        orders.c.session_id == engine.session_id,
        orders.c.state == OrderState.SUBMITTED.value,
        orders.c.claimed_at_ns > engine.clock.now_ns() - IN_HAND_NS,
    )
    with reading(engine.trades.engine) as connection:
        return connection.execute(just_claimed.limit(1)).one_or_none() is not None


def _errors(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    named = {f"{name} {reason}": count for name in ERRORS for reason, count in counts.get(name, {}).items()}
    return dict(sorted(named.items()))


def _spawned(supervisor: Supervisor) -> list[Spawned]:
    try:
        statuses = supervisor.statuses()
    except (OSError, HTTPException, Fault):  # it is busy, or going: nobody to kill at this moment
        return []
    return [Spawned(each.name, each.pid) for each in statuses if each.pid is not None]
