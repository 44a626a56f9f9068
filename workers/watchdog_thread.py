"""The watch that every long-lived process keeps, beat or no beat: it sweeps when it is its turn.

On CRITICAL the stack stops: one process tends that until nothing is out, ends the others, and then itself
with a status of its own.
"""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from arb.adapters.local.errands import ThreadErrands
from arb.app.engines import engine
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError, Late, StoreUnavailable
from arb.domain.health.judge import HealthLevel, Verdict
from arb.domain.time import NS_PER_S

EXIT_CRITICAL: Final = 4  # of a process that stopped because the watchdog said so
LOOK_S: Final = 1.0
REVIVE_MS_MAX: Final = 5_000
errands: Final = ThreadErrands()
log = structlog.get_logger("arb.watchdog")


class WatchdogThread:
    """A thread that looks once a second whether it is to sweep."""

    def __init__(self, on_critical: Callable[[], None], build: Callable[[], Engine] = engine) -> None:
        self._on_critical, self._build = on_critical, build
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to keep watch, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; a sweep that is under way is not waited for."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                wired = self._build()
            except (ConfigError, StoreUnavailable):
                continue  # no session yet, or no database to ask
            verdict = wired.health.watch.run()
            if verdict is not None:
                act(wired, verdict)
            if tend(wired, self._on_critical):
                return


def act(wired: Engine, verdict: Verdict) -> None:
    """Do what a sweep's verdict means, whoever swept."""
    _report(verdict)
    if verdict.level is HealthLevel.CRITICAL:
        _stop(wired, verdict)
    revive(wired)


def _stop(wired: Engine, verdict: Verdict) -> None:
    critical = sorted(key for key, health in verdict.healths.items() if health.level is HealthLevel.CRITICAL)
    why = ", ".join(f"{rule} of {subject}" for rule, subject in critical)
    if wired.kill.emergency.begin(why):
        log.critical("stack_stopping", why=why)


def tend(wired: Engine, on_critical: Callable[[], None]) -> bool:
    """Take a step of an emergency stop that is under way; tell whether it ended this process."""
    ending = wired.kill.emergency.tend()
    if ending is None:
        return False
    log.critical(
        "stack_stopped",
        why=ending.reason,
        waited_s=ending.waited_ns // NS_PER_S,
        handed_over=len(ending.handed_over),
        snapshot=ending.snapshot,
    )
    on_critical()
    return True


def revive(wired: Engine) -> None:
    """Restart the workers that do not work, with a line for each."""
    try:
        findings = errands.run("revive", wired.health.revive.run, REVIVE_MS_MAX)
    except Late:
        log.warning("supervisor_does_not_answer")
        return
    for finding in findings:
        log.warning(
            "worker_does_not_work", program=finding.program, why=finding.why, restarted=finding.permitted
        )


def _report(verdict: Verdict) -> None:
    """Write a line for each level that changed."""
    for change in verdict.changes:
        write = log.info if change.after is HealthLevel.OK else log.warning
        write(
            "level_changed",
            rule=change.rule,
            subject=change.subject,
            before=change.before.value,
            after=change.after.value,
            value=format(change.value, "f"),
            limit=format(change.limit, "f"),
        )
