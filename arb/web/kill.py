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
        self._busy = threading.Lock()
        self._report: KillReport | None = None

    def engage(self, reason: str) -> str:
        """Stop trading; returns the reason in force at once, the rest goes on. Raises: OSError."""
        since_ns = self._clock.now_ns()
        in_force = self._switch.engage(reason, since_ns)
        log.warning("kill_engaged", reason=in_force)
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._rest, args=(in_force, since_ns), name="kill").start()
        return in_force

    def state(self) -> dict[str, Any]:
        """Return why everything is stopped, if it is, and what the kill from this page did."""
        engaged = self._switch.engaged()
        if engaged is None and not self._busy.locked():
            self._report = None  # released since
        report = self._report
        return {
            "engaged": engaged,
            "busy": self._busy.locked(),
            "report": report and kill_document(report),
            "text": report and kill_text(report),
        }

    def _rest(self, reason: str, since_ns: int) -> None:
        try:
            self._report = self._bring_to_rest(reason, since_ns)
            log.warning("kill_done", complete=self._report.complete)
        finally:
            self._busy.release()
