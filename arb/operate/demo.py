"""The demonstration: a fresh session in a fresh world for a while, then its report and the verdict."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from arb.bootstrap import Engine
from arb.domain.errors import ArbError
from arb.domain.report import Report
from arb.operate import stack
from arb.runtime.errors import StackNotRunning
from arb.runtime.shutdown import Progress, stop_stack


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a demonstration ended."""

    report: Report
    rested: bool

    @property
    def passed(self) -> bool:
        """Tell whether every invariant held and nothing was left unhedged."""
        return self.rested and all(self.report.invariants.values())


class Interrupted(BaseException):
    """Ctrl-C, or SIGTERM: wind down now."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `Interrupted`, once; while winding down more of them change nothing."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    plan: stack.Plan, show: Callable[[Engine], None], judge: Callable[[Engine], Report], progress: Progress
) -> Outcome | None:
    """Run the demonstration; `show` lasts as long as it does, `judge` makes the report.

    Returns None if it was interrupted before trading began. Whatever happens, nothing keeps running.
    """
    engine = None
    try:
        with interruptible():
            try:
                engine = stack.start(plan, progress)
                show(engine)
            except Interrupted:
                progress("interrupted: winding down")
                if engine is None:
                    return None
            rested = stack.rest(engine, progress)
            return Outcome(judge(engine), rested)
    finally:
        _stop(plan, progress)


def _stop(plan: stack.Plan, progress: Progress) -> None:
    try:
        stop_stack(plan.home, progress)
    except StackNotRunning:
        return
    except ArbError as error:
        progress(f"stopping: {error}")
        raise
