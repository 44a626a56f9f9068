"""The dead man's switch: pings a service outside, which alerts when the pings stop."""

from collections.abc import Callable
from typing import Final

import structlog
import urllib3

log = structlog.get_logger("arb.watchdog")
TIMEOUT: Final = urllib3.Timeout(connect=2.0, read=3.0)


class DeadManPing:
    """Pings at most once in an interval; without an address, or while the stack stops, not at all.

    Never raises.
    """

    def __init__(self, url: str | None, interval_ns: int, stops: Callable[[], object] = lambda: None) -> None:
        self._url, self._interval_ns, self._stops = url, interval_ns, stops
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)
        self._pinged_ns = 0

    def ping(self, now_ns: int) -> None:
        """Say that all is well, if it is time to."""
        if self._url is None or 0 <= now_ns - self._pinged_ns < self._interval_ns:
            return
        if self._stops():
            return
        self._pinged_ns = now_ns
        try:
            answer = self._pool.request("GET", self._url)
        except urllib3.exceptions.HTTPError as error:
            log.warning("dead_man_not_reached", reason=type(error).__name__)
            return
        if answer.status >= 400:
            log.warning("dead_man_not_reached", reason=f"status {answer.status}")
