"""`arb.ports.SessionStore` in memory."""

from dataclasses import dataclass, replace

from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import Conflict
from arb.domain.ids import SessionId
from arb.domain.risk import Mode
from arb.ports import Session


@dataclass(frozen=True, slots=True)
class MemorySessionStore:
    """Sessions, their mode, and how it changed."""

    tables: MemoryTables

    def create(self, session: Session) -> None:
        with self.tables.transaction():
            if session.session_id in self.tables.sessions:
                raise Conflict(f"session {session.session_id} exists")
            self._write(session)

    def current(self, environment: str) -> Session | None:
        with self.tables.transaction():
            return next(
                (item for item in self.listed(environment) if item.session_id not in self.tables.set_aside),
                None,
            )

    def listed(self, environment: str) -> tuple[Session, ...]:
        with self.tables.transaction():
            own = [item for item in self.tables.sessions.values() if item.environment == environment]
            return tuple(sorted(own, key=lambda item: (item.started_at_ns, item.session_id), reverse=True))

    def take_up(self, session_id: SessionId, now_ns: int) -> None:
        with self.tables.transaction():
            environment = self.tables.session(session_id).environment
            own = {item.session_id for item in self.listed(environment)}
            self.tables.set_aside |= own
            self.tables.set_aside.discard(session_id)

    def set_mode(self, session_id: SessionId, mode: Mode, reason: str, now_ns: int) -> None:
        with self.tables.transaction():
            session = self.tables.session(session_id)
            self._write(replace(session, mode=mode, mode_reason=reason, mode_changed_at_ns=now_ns))

    def get(self, session_id: SessionId) -> Session | None:
        with self.tables.transaction():
            return self.tables.sessions.get(session_id)

    def _write(self, session: Session) -> None:
        self.tables.sessions[session.session_id] = session
        self.tables.mode_changes.append(
            (session.session_id, session.mode, session.mode_reason, session.mode_changed_at_ns)
        )
