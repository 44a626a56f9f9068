"""Somebody else changes the mode in the milliseconds between a read of it and the write that follows."""

from arb.domain.risk.review import Mode


class Raced:
    """A session store: right after one of the reads a venue refuses our key, and trading is restricted."""

    REASON = "venue_fatal: the key was refused"

    def __init__(self, sessions, reads_before: int = 0, mode: Mode = Mode.HALTED) -> None:
        self._sessions, self._reads_left, self._mode = sessions, reads_before, mode

    def get(self, session_id):
        return self._then_restrict(self._sessions.get(session_id))

    def current(self, environment, group=""):
        return self._then_restrict(self._sessions.current(environment, group))

    def _then_restrict(self, seen):
        if self._reads_left == 0:
            self._sessions.set_mode(seen.session_id, self._mode, self.REASON, seen.mode_changed_at_ns + 1)
        self._reads_left -= 1
        return seen

    def __getattr__(self, name):
        return getattr(self._sessions, name)
