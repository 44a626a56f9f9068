"""Celery's own scheduler, made to start while the primary broker is away, and to need no disk."""

from datetime import timedelta
from typing import Any

from celery import beat

from arb.adapters.local.clock import SystemClock
from arb.domain.time import NS_PER_US, STAMP_AHEAD_NS_MAX
from arb.ports.market import Clock


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Publishes through the dispatcher alone, and keeps its schedule in memory.

    The stock scheduler opens a broker connection of its own first and waits for it without end; ours
    hands every entry to `Celery.send_task`, which knows a second broker. When an entry ran last is not worth
    a file, whose disk may be full: what must not be done twice has its slot in SQL.

    When an entry ran last, and when it is due, are moments of the wall clock. If that is set back, they lie
    ahead and nothing would be due until it gets there; so they are set back with it.
    """

    clock: Clock = SystemClock()
    _ahead_ns: int | None = None  # of the wall clock, before the steady one

    @property
    def producer(self) -> None:
        """Return no producer: `send_task` brings its own."""
        return

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Run what is due; return the seconds until something is again, at most a few."""
        self._follow_clock()
        return float(super().tick(*args, **kwargs))

    def _follow_clock(self) -> None:
        ahead_ns = self.clock.now_ns() - self.clock.steady_ns()
        before_ns, self._ahead_ns = self._ahead_ns, ahead_ns
        if before_ns is None or before_ns - ahead_ns <= STAMP_AHEAD_NS_MAX:
            return  # set ahead, everything is due once, which harms nothing
        back = timedelta(microseconds=(before_ns - ahead_ns) // NS_PER_US)
        for entry in self.schedule.values():
            entry.last_run_at -= back
        self._heap = None  # built anew by the next tick
