"""Keeps the hot state up behind the stores: what a commit changed is written a moment later, by a thread.

The stores' engine only notes what a commit changed (`engine.noting`), so that no caller waits for Redis. A
change that is lost with its process is found by the next health check, or by resuming.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from arb.domain.errors import HotStateUnavailable, StoreError
from arb.domain.market.ids import TradeId
from arb.engine.state.hot_state import KeepHotState

PAUSE_S: Final = 0.25  # what comes within it is written together; readers compare it with SQL
LOOK_S: Final = 1.0  # between two looks at a store that nobody writes to, or that is away
REST: Final = 9  # times as long as the last write took: a big session costs a tenth of a core at most
log = structlog.get_logger()


class Mirror:
    """The thread and its list of what changed. Starts with the first change; ends with the process."""

    def __init__(self, keeper: KeepHotState, now_ns: Callable[[], int]) -> None:
        self._keeper, self._now_ns = keeper, now_ns
        self._changed: set[TradeId] = set()
        self._pending = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, *trades: TradeId) -> None:
        """Remember that these trades, or just the sums, changed; never raises, never waits."""
        with self._lock:
            self._changed.update(trades)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
                self._thread.start()
        self._pending.set()

    def flush(self) -> bool:
        """Write what changed since the last time; tell whether that worked."""
        self._pending.clear()
        with self._lock:
            trades, self._changed = self._changed, set()
        try:
            self._keeper.write(trades)
        except StoreError as error:
            with self._lock:
                self._changed |= trades
            if not isinstance(error, HotStateUnavailable):
                log.warning("state_not_mirrored", reason=str(error))
            return False
        return True

    def _run(self) -> None:
        while True:
            if self._pending.wait(LOOK_S):
                threading.Event().wait(PAUSE_S)
                began_ns = self._now_ns()
                worked = self.flush()
                took_s = (self._now_ns() - began_ns) / 1_000_000_000
                threading.Event().wait(took_s * REST if worked else LOOK_S)
                if not worked:
                    self._pending.set()
            else:
                with suppress(StoreError):
                    self._keeper.look()
