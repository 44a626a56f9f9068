"""What CRITICAL means: stop trading, wait until nothing is out and every leg is even, image the state, end.

While a venue is away that may take hours. The feed, the streams, the workers and the sweeps stay, and nobody
is needed who is not there: whichever process tends the stop asks the venues itself. What it knows is kept
outside the processes, so that after any death, of the machine too, it goes on. Steps that hang are passed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final, Protocol, TypeVar

from arb.domain.errors import ArbError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.risk.mode import Cause, ModeReason, reason_text
from arb.domain.risk.review import Mode
from arb.domain.risk.stop import Stop, order_line, some, trade_line, waiting_text
from arb.domain.state.snapshot import SnapshotKind
from arb.engine.kill.drain import Drain
from arb.engine.kill.wind_down import Left, WindDown
from arb.engine.state.snapshot import TakeSnapshot
from arb.ports.market import Clock, Errands
from arb.ports.messaging import AlertSink

Result = TypeVar("Result")
STEP_MS_MAX: Final = 12_000  # PostgreSQL that does not greet is given up after 5 s, twice
REST_MS_MAX: Final = 1_000
UNHALTED: Final = ("PostgreSQL, which does not write that the session is halted",)
UNKNOWN: Final = ("PostgreSQL, which does not answer: nobody knows what is out",)


class StopMemory(Protocol):
    """The stop that is under way, kept for all processes of a home. Never raises."""

    def read(self) -> Stop | None:
        """Return the emergency stop that is under way, None if there is none."""

    def update(self, change: Callable[[Stop | None], Stop | None]) -> Stop | None:
        """Change it while nobody else does, and return it as it is then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReport:
    """Why the stack ended, and how it left things: no order is out, every pair is hedged."""

    reason: str
    at_ns: int
    waited_ns: int
    handed_over: tuple[str, ...]  # trades of which a leg stands alone, for the operator to look after
    snapshot: str | None  # its slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """The use case of a CRITICAL verdict. `shut_down` tells whether somebody ends the other processes."""

    drain: Drain
    wind_down: WindDown
    take_snapshot: TakeSnapshot
    memory: StopMemory
    alerts: AlertSink
    errands: Errands
    clock: Clock
    keeper: str  # this process
    repeat_ns: int
    remember: Callable[[EmergencyReport], None]
    shut_down: Callable[[EmergencyReport], bool]
    _under_way: Lock = field(default_factory=Lock, init=False)

    def begin(self, why: str) -> bool:
        """Stop the stack; False if it stops already, which keeps its reason."""
        new = Stop(
            session_id=self.drain.session_id,
            reason=reason_text(Cause.WATCHDOG, why),
            began_ns=self.clock.now_ns(),
        )
        return self.memory.update(lambda known: known if self._is_ours(known) else new) is new

    def is_under_way(self) -> bool:
        """Tell whether this session's stop is under way."""
        return self._is_ours(self.memory.read())

    def forget(self) -> None:
        """End a stop without ending the stack: nothing is out any more, or somebody knows better."""
        self.memory.update(lambda _: None)

    def started(self) -> None:
        """Let a stop that was taken up by a start end the stack as well."""
        self.memory.update(lambda known: known and replace(known, starting_ns=0))

    def tend(self) -> EmergencyReport | None:
        """Take one step of a stop that is under way; return how it ended if it did."""
        if not self.is_under_way() or not self._under_way.acquire(blocking=False):
            return None  # another thread of this process is at it
        try:
            return self._step()
        finally:
            self._under_way.release()

    def _step(self) -> EmergencyReport | None:
        stop = self._taken()
        if stop is None:
            return None
        if not stop.halted:
            stop = self._halt(stop)
        elif self._tried("lifted", self._is_lifted):
            self._go_on(stop)
            return None
        if self._tried("rest", self._rests) and stop.may_end(self.clock.now_ns()):
            return self._end(stop)
        self._tried("wind_down", self.wind_down.step)
        left = self._tried("look", self.wind_down.left)
        self._keep(UNKNOWN if left is None else _lines(left) or (() if stop.halted else UNHALTED))
        return None

    def _is_ours(self, stop: Stop | None) -> bool:
        return stop is not None and stop.session_id == self.drain.session_id

    def _taken(self) -> Stop | None:
        """Make this process the one that tends the stop; None if another one is."""
        now_ns = self.clock.now_ns()

        def take(known: Stop | None) -> Stop | None:
            if known is None or not known.is_free(self.keeper, now_ns):
                return known
            return replace(known, keeper=self.keeper, kept_ns=now_ns)

        stop = self.memory.update(take)
        is_taken = stop is not None and (stop.keeper, stop.kept_ns) == (self.keeper, now_ns)
        return stop if is_taken else None

    def _halt(self, stop: Stop) -> Stop:
        def halt() -> bool:
            self.drain.begin(stop.reason)
            return True

        if not self._tried("halt", halt):
            return stop
        return self.memory.update(lambda known: known and replace(known, halted=True)) or stop

    def _is_lifted(self) -> bool:
        """Tell whether a person lets the session trade again."""
        session = self.drain.sessions.get(self.drain.session_id)
        return session is not None and session.mode is not Mode.HALTED

    def _go_on(self, stop: Stop) -> None:
        self.forget()
        self._alarm(
            AlertKind.STACK_WAITS, "the session was let trade again, so the stack goes on", Severity.INFO, 0
        )

    def _rests(self) -> bool:
        return self.drain.at_rest() and self.drain.wait(REST_MS_MAX)

    def _keep(self, lines: tuple[str, ...]) -> None:
        """Note what is waited for, and tell it when that is due."""
        now_ns = self.clock.now_ns()
        told: list[Stop] = []

        def note(known: Stop | None) -> Stop | None:
            if known is None:
                return None
            found = replace(known, waits_for=lines, kept_ns=now_ns)
            if lines and found.is_due(now_ns, self.repeat_ns):
                told.append(found := found.tell(now_ns))
            return found

        self.memory.update(note)
        for stop in told:
            self._alarm(AlertKind.STACK_WAITS, waiting_text(stop), Severity.CRITICAL, stop.told)

    def _end(self, stop: Stop) -> EmergencyReport:
        now_ns = self.clock.now_ns()
        ending = EmergencyReport(
            reason=stop.reason,
            at_ns=now_ns,
            waited_ns=abs(now_ns - stop.began_ns),
            handed_over=self._tried("alone", self._alone) or (),
            snapshot=self._tried("snapshot", lambda: self.take_snapshot.run(SnapshotKind.ON_STOP)),
        )
        self.memory.update(lambda known: known and replace(known, ending_ns=now_ns, waits_for=()))
        self._alarm(
            AlertKind.STACK_STOPPED, f"the stack stops: {_why(stop)}; {_left(ending)}", Severity.CRITICAL, 0
        )
        self.remember(ending)
        if not self.shut_down(ending):
            self.forget()  # this process ends, and nobody ends the others
        return ending

    def _alone(self) -> tuple[str, ...]:
        legs = self.wind_down.trades.alone(self.drain.session_id)
        return tuple(leg.trade.trade_id for leg in legs if leg.is_waiting)

    def _tried(self, name: str, step: Callable[[], Result]) -> Result | None:
        """Return what a step returned, None where it could not, or not in time."""
        try:
            return self.errands.run(f"stop_{name}", step, STEP_MS_MAX)
        except ArbError:
            return None

    def _alarm(self, kind: AlertKind, message: str, severity: Severity, grade: int) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=kind,
                subject="stack",
                severity=severity,
                grade=grade,  # each time worse than the last one, so that none is held back as its repeat
                message=message,
                at_ns=self.clock.now_ns(),
            )
        )


def _lines(left: Left) -> tuple[str, ...]:
    alone = [view for view in left.trades if all(order.is_terminal for order in view.orders)]
    return some((*map(order_line, left.orders), *(trade_line(view.trade, view.orders) for view in alone)))


def _why(stop: Stop) -> str:
    return ModeReason.parse(stop.reason).detail


def _left(ending: EmergencyReport) -> str:
    if not ending.handed_over:
        return "nothing is unhedged"
    return f"no order is out; alone, escalated to you: {', '.join(ending.handed_over)}"
