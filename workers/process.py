"""The shell of a long-lived process: logs, signals, a heartbeat every second, the watch, and an exit code.

A process whose work broke ends with status 1 and its supervisor starts another; nothing is mended in
place. A second signal kills at once. A process of the stack calls `prepare` first, then `run_watched`.
"""

import os
import signal
import threading
from collections.abc import Mapping
from itertools import count
from types import FrameType
from typing import Final, Protocol

import structlog

from arb.adapters.local.collector import tidy
from arb.ports.market import Clock
from arb.ports.messaging import Heartbeats
from arb.stack.home import Home
from config import addresses
from config.logging import configure
from workers.watchdog_thread import EXIT_CRITICAL, WatchdogThread

HEARTBEAT_S: Final = 1.0
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger("arb.health")


class Work(Protocol):
    """What a process does, in threads of its own."""

    name: str

    def start(self) -> None:
        """Begin the work, without waiting for it."""

    def stop(self) -> None:
        """End cleanly; called once, whatever happened."""

    def healthy(self) -> bool:
        """Tell whether the work goes on."""

    def facts(self) -> Mapping[str, str]:
        """Return the facts that each heartbeat carries."""


def prepare() -> None:
    """Set up the logs; before anything logs."""
    configure(addresses.settings(), Home.default().logs)


def run_watched(work: Work, heartbeats: Heartbeats, clock: Clock) -> int:
    """Do the work, with an eye on the whole stack; the status tells too when the watchdog ended it."""
    critical = threading.Event()

    def end() -> None:
        critical.set()
        os.kill(os.getpid(), signal.SIGTERM)

    status = run(work, heartbeats, clock, WatchdogThread(on_critical=end))
    return EXIT_CRITICAL if critical.is_set() else status


def run(work: Work, heartbeats: Heartbeats, clock: Clock, watchdog: WatchdogThread | None = None) -> int:
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
        if watchdog is not None:
            watchdog.start()
        status = _watch(work, heartbeats, clock, stopping)
    finally:
        if watchdog is not None:
            watchdog.stop()
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
