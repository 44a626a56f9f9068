"""CRITICAL with one venue away: nothing is forgotten, the alarm repeats, and the end waits for the venue.

Orders get lost at a venue that answers nothing any more but may have taken them. The stop that follows is
watched from outside, the process that tends it is killed, and only the venue's return may end the stack. The
invariants are checked against the venues' own record by a stack that goes on with the session.
"""

import os
import signal
from dataclasses import dataclass, replace
from typing import Final

from arb.app import start as stack
from arb.app.emergency import stop_memory
from arb.app.judge import check_of
from arb.app.wiring import Engine
from arb.chaos.observed import Observed
from arb.chaos.ops.alert_log_reader import AlertLogReader
from arb.chaos.ops.ending import watch_end
from arb.chaos.ops.faults import FaultInjector, StackGone, asking
from arb.domain.health.alert import AlertKind
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.risk.stop import FIRST_NS
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderState
from arb.ports.market import Clock
from arb.stack.control import ProcessStatus
from arb.stack.files import read_json
from arb.stack.home import Home
from arb.stack.shutdown import Progress
from arb.stack.wait import wait_until

VENUE: Final = next(iter(Venue))
LOST_MIN: Final = 2
LOST_S_MAX: Final = 180.0
CRITICAL_S_MAX: Final = 120.0
ALARMS: Final = 3
LATE_S_MAX: Final = 15.0  # of an alarm, beyond the time it is due
SETTLE_S_MAX: Final = 180.0
STAY: Final = ("feed", "stream", "worker-orders", "worker-housekeeping", "beat")
# Half of what is sent arrives, no answer does, and nothing can be asked.
AWAY: Final = (
    {"kind": "error_5xx_not_accepted", "endpoint": "GET *"},
    {"kind": "error_5xx_not_accepted", "endpoint": "DELETE *"},
    {"kind": "error_5xx_not_accepted", "endpoint": "POST *", "probability": 0.5},
    {"kind": "accept_then_drop_reply", "endpoint": "POST *"},
    {"kind": "missing_event"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """What was seen of a stop that waited for a venue."""

    venue: str
    reason: str = ""
    lost: int = 0  # orders of unknown fate when the stop began
    alarms: int = 0
    named: bool = False  # each alarm named every order that was out
    killed: str = ""  # the process that tended the stop
    gone: tuple[str, ...] = ()  # what should have stayed and did not
    ended_early: bool = False
    stopped_after_s: float | None = None  # since the venue was back
    orders_out: int = -1  # at the last look
    uneven: int = -1
    left_running: int = 0
    violations: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Tell whether it waited as long as it had to and left nothing out, and nothing running."""
        waited = self.lost >= LOST_MIN and self.alarms == ALARMS and self.named and bool(self.killed)
        ended = self.stopped_after_s is not None and not self.ended_early and bool(self.reason)
        settled = (self.orders_out, self.uneven, self.left_running) == (0, 0, 0)
        return waited and ended and settled and not self.gone and not self.violations


@dataclass(slots=True, kw_only=True)
class VenueAway:
    """The scenario, on a stack that runs."""

    engine: Engine
    injector: FaultInjector
    alerts: AlertLogReader
    home: Home
    clock: Clock
    progress: Progress

    def run(self) -> Waited:
        """Break, watch, mend, and watch the end. Raises: StackError, VenueError."""
        self.engine.sessions.set_mode(
            self.engine.session_id, Mode.NORMAL, "the cause of the last stop is mended", self.clock.now_ns()
        )
        self.alerts.skip()
        observed = Observed(self.engine, self.progress)
        observed.wait("a trade", observed.trades_since(self.clock.now_ns()))  # it has read the venue's rules
        self.progress(f"losing orders at {VENUE}, which then answers nothing")
        self.injector.switchboard.put_faults(VENUE, AWAY)
        wait_until(self._few_are_lost, limit_s=LOST_S_MAX, what="losing orders")
        self.progress("freezing the feed until the watchdog has enough")
        with self.injector.stopped("feed"):
            wait_until(self._goes_on, limit_s=CRITICAL_S_MAX, what="CRITICAL")
        found = self._watch(Waited(venue=VENUE.value, lost=len(self._lost())))
        self.progress(f"{VENUE} is back")
        return self._end(found)

    def _lost(self) -> list[str]:
        live = self.engine.trades.live(self.engine.session_id)
        return [
            each.client_order_id for each in live if each.state is OrderState.UNKNOWN and each.venue is VENUE
        ]

    def _few_are_lost(self) -> str | None:
        lost = len(self._lost())
        return None if lost >= LOST_MIN else f"{lost} orders are of unknown fate"

    def _goes_on(self) -> str | None:
        return None if stop_memory(self.home, self.clock).read() else "no stop is under way"

    def _watch(self, found: Waited) -> Waited:
        """Hear the alarms, and kill whoever tends the stop after the first one."""
        repeat_s = self.engine.settings.watchdog.stop_repeat_sec
        named, alarms, killed = True, 0, ""
        for limit_s in (FIRST_NS / NS_PER_S, *[float(repeat_s)] * (ALARMS - 1)):
            lost = self._lost()
            told = self.alerts.wait(
                (AlertKind.STACK_WAITS,), "stack", recovery=False, limit_s=limit_s + LATE_S_MAX
            )
            if told is None:
                break
            alarms += 1
            named = named and all(each in told.message for each in lost)
            self.progress(f"told {alarms} times that {len(lost)} orders are out")
            killed = killed or self._kill_keeper()
        try:
            runs = {each.name for each in self._statuses() if each.is_running}
        except StackGone:
            return replace(found, alarms=alarms, named=named, killed=killed, ended_early=True)
        gone = tuple(name for name in STAY if name not in runs)
        return replace(found, alarms=alarms, named=named, killed=killed, gone=gone)

    def _kill_keeper(self) -> str:
        """Kill -9 the process that tends the stop; return its name."""
        stop = stop_memory(self.home, self.clock).read()
        pid = int(stop.keeper.rpartition(":")[2]) if stop and stop.keeper else 0
        name = next((each for each, known in self.injector.pids().items() if known == pid), "")
        if name:
            os.kill(pid, signal.SIGKILL)
        return name

    def _statuses(self) -> tuple[ProcessStatus, ...]:
        with asking(self.home) as supervisor:
            return supervisor.statuses()

    def _end(self, found: Waited) -> Waited:
        """Bring the venue back, and look at what is out until nobody can be asked any more."""
        self.injector.switchboard.put_faults(VENUE, ())
        began_ns = self.clock.now_ns()
        seen = watch_end(self.engine, self.home, int(SETTLE_S_MAX * NS_PER_S))
        took_s = round((self.clock.now_ns() - began_ns) / NS_PER_S, 1)
        return replace(
            found,
            reason=read_json(self.home.ending_file).get("reason", ""),
            stopped_after_s=None if seen.running else took_s,
            orders_out=seen.orders_out,
            uneven=seen.uneven,
            left_running=seen.running,
        )


def run(
    plan: stack.StackPlan, injector: FaultInjector, alerts: AlertLogReader, clock: Clock, progress: Progress
) -> Waited:
    """Go on with the session of a stack that has ended, and once more after its end for the check."""
    home = plan.home
    again = replace(plan, fresh=False)
    found = VenueAway(
        engine=stack.start(again, progress),
        injector=injector,
        alerts=alerts,
        home=home,
        clock=clock,
        progress=progress,
    ).run()
    if found.stopped_after_s is None:
        return found
    findings = check_of(stack.start(again, progress)).run()
    lines = tuple(f"{each.invariant}: {each.row} {each.message}" for each in findings.violations)
    return replace(found, violations=lines)
