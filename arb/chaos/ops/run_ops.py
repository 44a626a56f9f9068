"""`arb chaos ops`: every rule of the watchdog results for real on a stack of its own, CRITICAL at last."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from arb.app import start as stack
from arb.app.demo import interruptible
from arb.app.wiring import Engine
from arb.chaos.ops import venue_away
from arb.chaos.ops.alert_log_reader import AlertLogReader
from arb.chaos.ops.ending import watch_end
from arb.chaos.ops.faults import FaultInjector, NotHere, OpsFault, StackGone
from arb.chaos.ops.venue_away import Waited
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.domain.health.alert import AlertKind
from arb.domain.health.judge import HealthLevel
from arb.domain.health.queues import QUEUES
from arb.domain.time import NS_PER_S
from arb.stack.errors import StackNotRunning
from arb.stack.files import read_json
from arb.stack.home import Home
from arb.stack.shutdown import Progress, silent, stop_stack
from arb.stack.wait import wait_until

TELL_S_MAX: Final = 30.0
MEND_S_MAX: Final = 60.0
WATCHED_S_MAX: Final = 180.0
WATCHED: Final = ("beat_age_ms|beat", *(f"canary_age_ms|{queue}" for queue in QUEUES), "cpu_pct|feed")
CRITICAL_S_MAX: Final = 120.0
STOP_S_MAX: Final = 120.0
AWAY: Final = "venue_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultResult:
    """What came of one fault."""

    name: str
    alert: str = ""
    subject: str = ""
    told_after_s: float | None = None  # None: not in time
    recovered_after_s: float | None = None
    skipped: str = ""
    stack_ended: str = ""  # why the stack ended during this fault, or before it

    @property
    def passed(self) -> bool:
        """Tell whether somebody was told in time and the stack lived on, or it cannot be done here."""
        return bool(self.skipped) or (self.told_after_s is not None and not self.stack_ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """How the stack ended after CRITICAL."""

    reason: str
    critical_after_s: float | None
    stopped_after_s: float | None
    orders_out: int  # at the last look; -1: nobody could look
    uneven: int
    handed_over: int
    snapshot: str
    left_running: int

    @property
    def passed(self) -> bool:
        """Tell whether it ended by itself and left nothing open and nothing running."""
        ended = self.stopped_after_s is not None and bool(self.reason) and bool(self.snapshot)
        return ended and (self.orders_out, self.uneven, self.left_running) == (0, 0, 0)


def run(
    plan: stack.StackPlan, disk: Path | None, only: tuple[str, ...], progress: Progress
) -> dict[str, Any]:
    """Run it; whatever happens, nothing keeps running. Raises: ConfigError, StackError, VenueError."""
    with interruptible():
        engine = stack.start(plan, progress)
        try:
            return _document(*_break_all(plan, engine, disk, only, progress))
        finally:
            _stop(plan.home, progress)


def _break_all(
    plan: stack.StackPlan, engine: Engine, disk: Path | None, only: tuple[str, ...], progress: Progress
) -> tuple[list[FaultResult], Stopped | None, Waited | None]:
    home, settings, clock = plan.home, engine.settings, engine.clock
    urls = settings.rest_urls
    injector = FaultInjector(home=home, switchboard=SimulatorControl(base_urls=urls), disk=disk)
    alerts = AlertLogReader(home.alerts_file, clock)
    _wait_watched(home)
    chosen = [fault for fault in injector.faults() if not only or fault.name in only]
    results: list[FaultResult] = []
    for fault in chosen:
        if results and results[-1].stack_ended:
            results.append(FaultResult(name=fault.name, stack_ended=results[-1].stack_ended))
            continue
        progress(f"injecting {fault.name}")
        results.append(attempt(fault, alerts, home))
        progress(told_text(results[-1]))
    ended = bool(results) and bool(results[-1].stack_ended)
    stopped = waited = None
    if not ended and (not only or "critical" in only):
        progress("freezing the feed until the watchdog has enough")
        stopped = _critical(injector, alerts, engine, home)
        ended = stopped.passed
    elif not ended and AWAY in only:
        stop_stack(home, silent)
        ended = True
    if ended and (not only or AWAY in only):
        waited = venue_away.run(plan, injector, alerts, clock, progress)
    return results, stopped, waited


def _wait_watched(home: Home) -> None:
    """Wait until every queue and beat has answered and nothing is amiss: the start is over."""

    def pending() -> str | None:
        healths = read_json(home.watchdog_file).get("healths", {})
        late = [key for key in WATCHED if healths.get(key, {}).get("level") != HealthLevel.OK]
        return f"not well yet: {', '.join(late)}" if late else None

    wait_until(pending, limit_s=WATCHED_S_MAX, what="the first sweeps")


def attempt(fault: OpsFault, alerts: AlertLogReader, home: Home) -> FaultResult:
    """Break one thing, wait until somebody was told, mend it, and wait for that to be told as well."""
    alerts.skip()
    try:
        with fault.broken() as subject:
            told = alerts.wait(fault.told_by, subject, recovery=False, limit_s=TELL_S_MAX)
    except NotHere as missing:
        return FaultResult(name=fault.name, skipped=str(missing))
    except StackGone as gone:
        return FaultResult(
            name=fault.name, stack_ended=read_json(home.ending_file).get("reason") or str(gone)
        )
    if told is None:
        return FaultResult(name=fault.name)
    mended = alerts.wait((told.kind,), told.subject, recovery=True, limit_s=MEND_S_MAX)
    return FaultResult(
        name=fault.name,
        alert=told.kind,
        subject=told.subject,
        told_after_s=told.after_s,
        recovered_after_s=mended.after_s if mended else None,
    )


def _critical(injector: FaultInjector, alerts: AlertLogReader, engine: Engine, home: Home) -> Stopped:
    alerts.skip()
    clock = engine.clock
    begin_ns = clock.now_ns()
    with injector.stopped("feed"):
        told = alerts.wait((AlertKind.STACK_STOPPED,), "stack", recovery=False, limit_s=CRITICAL_S_MAX)
        seen = watch_end(engine, home, int(STOP_S_MAX * NS_PER_S))
    stopped_s = None if seen.running else round((clock.now_ns() - begin_ns) / NS_PER_S, 1)
    ending = read_json(home.ending_file)
    return Stopped(
        reason=ending.get("reason", ""),
        critical_after_s=told.after_s if told else None,
        stopped_after_s=stopped_s,
        orders_out=seen.orders_out,
        uneven=seen.uneven,
        handed_over=len(ending.get("handed_over", ())),
        snapshot=ending.get("snapshot") or "",
        left_running=seen.running,
    )


def _document(results: list[FaultResult], stopped: Stopped | None, waited: Waited | None) -> dict[str, Any]:
    found = (*results, *(each for each in (stopped, waited) if each is not None))
    passed = all(each.passed for each in found)
    return {
        "verdict": passed,
        "tell_s_max": TELL_S_MAX,
        "trips": [asdict(each) | {"passed": each.passed} for each in results],
        "critical": None if stopped is None else asdict(stopped) | {"passed": stopped.passed},
        "venue_away": None if waited is None else asdict(waited) | {"passed": waited.passed},
    }


def told_text(results: FaultResult) -> str:
    """Return one line about what came of a fault."""
    if results.stack_ended:
        return f"{results.name}: the stack ended: {results.stack_ended}"
    if results.skipped:
        return f"{results.name}: left out, it needs {results.skipped}"
    if results.told_after_s is None:
        return f"{results.name}: nobody was told within {TELL_S_MAX:.0f} s"
    return f"{results.name}: {results.alert} of {results.subject} after {results.told_after_s} s"


def _stop(home: Home, progress: Progress) -> None:
    try:
        stop_stack(home, progress)
    except StackNotRunning:
        return
