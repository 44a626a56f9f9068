"""The page's kill switch: what `arb kill` does, from this process.

The switch itself is a file and needs neither database nor broker, so it is on before the answer goes out;
what is open is brought to rest behind it, and the page shows how far that got.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

import structlog

from arb.adapters.local.kill_switch import FileKillSwitch
from arb.app.facts.kill import kill_document, kill_text
from arb.engine.kill.kill import KillReport
from arb.ports.market import Clock

REASON_CHARACTERS_MAX: Final = 200
WITHIN_MS: Final = 30_000
BringToRest = Callable[[str, int], KillReport]  # reason, since when
log = structlog.get_logger()


class KillFromPage:
    """Engages the switch and brings everything to rest, once at a time."""

    def __init__(self, switch: FileKillSwitch, bring_to_rest: BringToRest, clock: Clock) -> None:
        self._switch, self._bring_to_rest, self._clock = switch, bring_to_rest, clock
        self._together = threading.Lock()  # what is read of the two is of one moment
        self._busy = False
        self._report: KillReport | None = None

    def engage(self, reason: str) -> str:
        """Stop trading; returns the reason in force at once, the rest goes on. Raises: OSError."""
        since_ns = self._clock.now_ns()
        in_force = self._switch.engage(reason, since_ns)
        log.warning("kill_engaged", reason=in_force)
        with self._together:
            if not self._busy:
                threading.Thread(target=self._rest, args=(in_force, since_ns), name="kill").start()
                self._busy, self._report = True, None
        return in_force

    def state(self) -> dict[str, Any]:
        """Return why everything is stopped, if it is, and what the kill from this page did."""
        with self._together:
            engaged = self._switch.engaged()
            if engaged is None and not self._busy:
                self._report = None  # released since
            busy, report = self._busy, self._report
        return {
            "engaged": engaged,
            "busy": busy,
            "report": report and kill_document(report),
            "text": report and kill_text(report),
        }

    def _rest(self, reason: str, since_ns: int) -> None:
        report = None
        try:
            report = self._bring_to_rest(reason, since_ns)
            log.warning("kill_done", complete=report.complete)
        finally:
            with self._together:
                self._busy, self._report = False, report
