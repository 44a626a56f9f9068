"""The shell of a long-lived process: signals, a heartbeat every second, and an exit code.

A process whose work broke ends with status 1 and its supervisor starts another; nothing is mended in
place. A second signal kills at once.
"""

import signal
import threading
from collections.abc import Mapping
from itertools import count
from types import FrameType
from typing import Final, Protocol

import structlog

from arb.adapters.local.collector import tidy
from arb.ports import Clock, Heartbeats

HEARTBEAT_S: Final = 1.0
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger("arb.health")


class Work(Protocol):
    """What a process does, in threads of its own."""

    name: str

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End cleanly; called once, whatever happened."""

    def healthy(self) -> bool:
        """Tell whether it is still going on."""

    def facts(self) -> Mapping[str, str]:
        """Return what the heartbeat tells."""


class Watchman(Protocol):
    """Looks after the whole stack from within this process."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


def run(work: Work, heartbeats: Heartbeats, clock: Clock, watchman: Watchman | None = None) -> int:
    """Do the work until a signal comes (status 0) or it breaks (status 1)."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stopping.set()

    for number in SIGNALS:
        signal.signal(number, stop)
    log.info("process_started", process=work.name)
    try:
        work.start()
        if watchman is not None:
            watchman.start()
        status = _watch(work, heartbeats, clock, stopping)
    finally:
        if watchman is not None:
            watchman.stop()
        work.stop()
    log.info("process_ended", process=work.name, status=status)
    return status


def _watch(work: Work, heartbeats: Heartbeats, clock: Clock, stopping: threading.Event) -> int:
    for number in count():
        if not work.healthy():
            log.error("work_broken", process=work.name)
            return 1
        heartbeats.beat(work.name, work.facts(), clock.now_ns())
        tidy(number)
        if stopping.wait(HEARTBEAT_S):
            break
    return 0
