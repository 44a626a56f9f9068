"""Workers that live and do not work, on a whole stack that trades: the watchdog has them restarted."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arb.celery import app
from arb.chaos.observed import Observed
from arb.domain.time import NS_PER_S
from arb.stack.control import Supervisor
from arb.stack.home import Home

REVIVE_AFTER_S: Final = 10
REVIVED_MS_MAX: Final = 90_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaf:
    """The scenarios on one stack."""

    home: Home
    seen: Observed

    def frozen(self) -> tuple[float, str]:
        """The worker of the orders is stopped in the middle of its work."""
        return self._revived("orders", lambda pid: os.kill(pid, signal.SIGSTOP))

    def deaf(self) -> tuple[float, str]:
        """The worker of the evaluations gives signs of life and consumes nothing."""
        return self._revived("evaluate", lambda _: app.control.cancel_consumer("evaluate"))

    def _revived(self, queue: str, harm: Callable[[int], object]) -> tuple[float, str]:
        program, clock, seen = f"worker-{queue}", self.seen.engine.clock, self.seen
        seen.wait("a trade before it", seen.trades_since(clock.now_ns()))
        image, pid, revivals = seen.image(), self._pid(program), self._revivals(program)
        harm(pid)
        harmed_ns = clock.now_ns()
        seen.progress(f"{program} does not work any more")
        seen.wait("a restart of it", lambda: self._pid(program) not in (0, pid), REVIVED_MS_MAX)
        revived_ns = clock.now_ns()
        seen.wait("its canary", lambda: self._answered_ns(queue) > revived_ns)
        answered_s = (clock.now_ns() - harmed_ns) / NS_PER_S
        seen.wait("a trade after it", seen.trades_since(revived_ns))
        seen.wait("its count", lambda: self._revivals(program) > revivals)
        seen.expect_nothing_lost(image)
        return answered_s, (
            f"{program} restarted after {(revived_ns - harmed_ns) / NS_PER_S:.1f} s (due after "
            f"{REVIVE_AFTER_S} s), its canary back after {answered_s:.1f} s; it trades, nothing is lost"
        )

    def _pid(self, program: str) -> int:
        return Supervisor(self.home).status(program).pid or 0

    def _answered_ns(self, queue: str) -> int:
        return int(self.seen.engine.stores.canaries.read().get(queue, {}).get("at_ns", "0"))

    def _revivals(self, program: str) -> int:
        return int(self.seen.engine.counters.read().get("workers_revived", {}).get(program, 0))
