"""A long-lived process as the stack runs it: with logs (`prepare` first), and with an eye on the whole."""

import os
import signal
import threading

from arb.ports import Clock, Heartbeats
from arb.stack.home import Home
from config import addresses
from config.logging import configure
from workers import process
from workers.vigil import EXIT_CRITICAL, Vigil


def prepare() -> None:
    """Set up the logs; before anything logs."""
    configure(addresses.settings(), Home.default().logs)


def run(work: process.Work, heartbeats: Heartbeats, clock: Clock) -> int:
    """Do the work as `process.run` does; the status tells too when the watchdog ended it."""
    critical = threading.Event()

    def end() -> None:
        critical.set()
        os.kill(os.getpid(), signal.SIGTERM)

    status = process.run(work, heartbeats, clock, Vigil(on_critical=end))
    return EXIT_CRITICAL if critical.is_set() else status
