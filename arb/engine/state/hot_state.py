"""The hot copy of one session's state: kept up after each commit, mistrusted, and rebuilt from SQL.

Three failures in a row are fallback mode: PostgreSQL only, and no new trades until the copy is whole again.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from arb.domain.errors import Conflict, DataError, HotStateUnavailable
from arb.domain.market.ids import SessionId, TradeId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.state.hot_state import HotState, StateStamp
from arb.domain.state.recovery import REDIS, Recovery
from arb.domain.time import NS_PER_S
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.state import SnapshotStore, StateStore
from arb.ports.trading import SessionStore

FAILURES_MAX: Final = 3
LOOK_NS: Final = NS_PER_S
ATTEMPTS: Final = 5  # at a write that somebody else overtook


@dataclass(frozen=True, slots=True)
class RedisHealth:
    """What a look at the hot copy found; `why` is empty where nothing is wrong."""

    reachable: bool
    current: bool  # the same state as SQL's
    why: str = ""


@dataclass(frozen=True, slots=True)
class FallbackStatus:
    """Whether the session does without the store, and how this process gets on with it."""

    active: bool
    failures: int  # of this process, in a row
    since_ns: int  # of the session's fallback, else of the first of the failures; 0 if there is neither
    last_error: str  # of this process


@dataclass(kw_only=True)
class KeepHotState:
    """The use cases around the copy of one session, for one process. Safe between threads."""

    session_id: SessionId
    states: StateStore
    snapshots: SnapshotStore
    sessions: SessionStore
    counters: Counters
    clock: Clock
    _failures: int = 0
    _since_ns: int = 0
    _last_error: str = ""
    _looked_ns: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def write(self, trades: Collection[TradeId]) -> None:
        """Bring the copy to what SQL says of these trades and of all sums. Raises: StoreUnavailable."""
        with self._lock, self._counting():
            if self._failures:
                self._reload()
                return
            for _ in range(ATTEMPTS):
                revision = self.states.next_revision(self.session_id)
                written = self.states.apply(self.snapshots.change(self.session_id, trades), revision)
                if written is None:  # nothing is there: it was wiped, or never written
                    self._reload()
                if written is not False:
                    return
            raise Conflict(f"{self.session_id}: the state was written by others all along")

    def check_redis_health(self) -> RedisHealth:
        """Look whether the copy is there and current, and make it so. Raises: StoreUnavailable for SQL."""
        try:
            with self._lock, self._counting():
                why = self._stale()
                if why:
                    self.counters.count("state_reloads", why)
                    self._reload()
        except HotStateUnavailable as error:
            return RedisHealth(False, False, str(error))
        return RedisHealth(True, not why, why)

    def compare(self) -> RedisHealth:
        """Say how the copy is, and change nothing. Raises: StoreUnavailable for SQL."""
        try:
            why = self._stale()
        except HotStateUnavailable as error:
            return RedisHealth(False, False, str(error))
        return RedisHealth(True, not why, why)

    def look(self) -> None:
        """Ask whether the store is there; after failures rebuild the copy. Raises: StoreUnavailable."""
        with self._lock, self._counting():
            if self._failures:
                self._reload()
            else:
                self.states.ping()

    def get_fallback_status(self) -> FallbackStatus:
        """Return whether the store is given up, by this process or by any that has said so in SQL.

        Raises: StoreUnavailable for SQL.
        """
        session = self.sessions.get(self.session_id)
        fallen = session is not None and session.reason.cause is Cause.FALLBACK
        return FallbackStatus(
            active=fallen or self._failures >= FAILURES_MAX,
            failures=self._failures,
            since_ns=session.mode_changed_at_ns if session and fallen else self._since_ns,
            last_error=self._last_error,
        )

    def reload_from_snapshot(self) -> StateStamp:
        """Rebuild the copy from an image of SQL; return what it is stamped with. Raises: StoreUnavailable."""
        with self._lock, self._counting():
            return self._reload()

    def read(self) -> HotState:
        """Return the state: the copy if it is current, else what SQL says. Raises: StoreUnavailable."""
        found = None
        try:
            found = self.states.load(self.session_id)
        except (HotStateUnavailable, DataError):
            self.counters.count("state_reads", "from_sql")
        if found is not None and found.stamp == self.snapshots.stamp(self.session_id):
            return found
        return self._image()

    def _image(self) -> HotState:
        position, parts = self.snapshots.image(self.session_id)
        return HotState(session_id=self.session_id, ledger_position=position, parts=parts)

    def _stale(self) -> str:
        try:
            found = self.states.load(self.session_id)
        except DataError as error:
            return error.reason
        if found is None:
            return "state_missing"
        current = found.stamp == self.snapshots.stamp(self.session_id)
        return "" if current else "state_differs"

    def _reload(self) -> StateStamp:
        for _ in range(ATTEMPTS):
            revision = self.states.next_revision(self.session_id)
            state = self._image()
            if self.states.save(state, revision):
                return state.stamp
        raise Conflict(f"{self.session_id}: the state was written by others all along")

    def _counting(self) -> "_Counting":
        return _Counting(self)

    def failed(self, error: Exception) -> None:
        """Count one failure; the third in a row allows no new trades."""
        self._failures += 1
        self._last_error = str(error)
        self._since_ns = self._since_ns or self.clock.now_ns()
        if self._failures == FAILURES_MAX:
            self.counters.count("state_fallback", "entered")
        if self._failures >= FAILURES_MAX:
            self._reduce()

    def worked(self) -> None:
        """Forget the failures; leave fallback if this session is in it."""
        if not self._failures and not self._is_time_to_look():
            return
        if self._failures:
            self.counters.count("state_fallback", "left")
        why = self._last_error
        self._failures, self._since_ns, self._last_error = 0, 0, ""
        session = self.sessions.get(self.session_id)
        mode = None if session is None else session.after(Cause.STORE_AGAIN)
        if session is not None and mode is not None:
            now_ns = self.clock.now_ns()
            if not self.sessions.change_mode(session, mode, reason_text(Cause.STORE_AGAIN), now_ns):
                return  # restricted for another reason since it was read
            self._reload()
            self.sessions.recovered(
                self.session_id,
                Recovery(
                    component=REDIS,
                    cause=why or reason_text(Cause.FALLBACK),
                    lost_at_ns=session.mode_changed_at_ns,
                    recovered_at_ns=now_ns,
                    detail="the hot state was rebuilt from SQL",
                ),
            )

    def _is_time_to_look(self) -> bool:
        """Tell whether it is a second since a success last looked if another process fell back."""
        now_ns = self.clock.steady_ns()
        if self._looked_ns and now_ns - self._looked_ns < LOOK_NS:
            return False
        self._looked_ns = now_ns
        return True

    def _reduce(self) -> None:
        session = self.sessions.get(self.session_id)
        mode = None if session is None else session.after(Cause.FALLBACK)
        if session is not None and mode is not None:
            self.sessions.change_mode(session, mode, reason_text(Cause.FALLBACK), self.clock.now_ns())


class _Counting:
    """Tells the keeper how its dealings with the state store ended."""

    def __init__(self, keeper: KeepHotState) -> None:
        self._keeper = keeper

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, HotStateUnavailable):
            self._keeper.failed(error)
        elif error is None:
            self._keeper.worked()
