"""The demonstration: a fresh session in a fresh world for a while, then its report and the verdict."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from arb.app import start as stack
from arb.app.wiring import Engine
from arb.domain.errors import ArbError
from arb.domain.ledger.report import Report
from arb.stack.errors import StackNotRunning
from arb.stack.shutdown import Progress, stop_stack


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """The demonstration's report, and whether it came to rest."""

    report: Report
    rested: bool

    @property
    def passed(self) -> bool:
        """Tell whether every invariant held and nothing was left unhedged."""
        return self.rested and all(self.report.invariants.values())


class StopRequested(BaseException):
    """Ctrl-C, or SIGTERM: wind down now."""


AGAIN_S = 0.1
ASKED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `StopRequested`, once; while winding down more of them change nothing.

    What a signal handler raises is lost if it comes while a destructor or a weak reference's callback runs
    (every import has one). Python tells its hook so, and then it is raised once more, a moment later.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in ASKED:
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    def lost(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, StopRequested):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        else:
            hook(unraisable)

    hook, sys.unraisablehook = sys.unraisablehook, lost
    before = {number: signal.signal(number, interrupt) for number in (*ASKED, signal.SIGALRM)}
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    plan: stack.StackPlan,
    show: Callable[[Engine], None],
    judge: Callable[[Engine], Report],
    progress: Progress,
) -> DemoOutcome | None:
    """Run the demonstration; `show` lasts as long as it does, `judge` makes the report.

    Returns None if it was interrupted before trading began. Whatever happens, nothing keeps running.
    """
    engine = None
    try:
        with interruptible():
            try:
                engine = stack.start(plan, progress)
                show(engine)
            except StopRequested:
                progress("interrupted: winding down")
                if engine is None:
                    return None
            rested = stack.rest(engine, progress)
            return DemoOutcome(judge(engine), rested)
    finally:
        _stop(plan, progress)


def _stop(plan: stack.StackPlan, progress: Progress) -> None:
    try:
        stop_stack(plan.home, progress)
    except StackNotRunning:
        return
    except ArbError as error:
        progress(f"stopping: {error}")
        raise
