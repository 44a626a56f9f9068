"""`arb.ports.trading.SessionStore` in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import Conflict
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, ModeChange
from arb.domain.risk.review import Mode
from arb.domain.state.generation import Generation
from arb.domain.state.owner import Accounts
from arb.domain.state.recovery import Recovery
from arb.ports.trading import Session


@dataclass(frozen=True, slots=True)
class MemorySessionStore:
    """Sessions, their mode, and how it changed."""

    tables: MemoryTables

    def create(self, session: Session) -> None:
        with self.tables.transaction():
            if session.session_id in self.tables.sessions:
                raise Conflict(f"session {session.session_id} exists")
            self._write(session)

    def current(self, environment: str, group: str = "") -> Session | None:
        with self.tables.transaction():
            own = [item for item in self.listed(environment) if item.group_name == group]
            return next((item for item in own if item.session_id not in self.tables.set_aside), None)

    def listed(self, environment: str) -> tuple[Session, ...]:
        with self.tables.transaction():
            own = [item for item in self.tables.sessions.values() if item.environment == environment]
            return tuple(sorted(own, key=lambda item: (item.started_at_ns, item.session_id), reverse=True))

    def take_up(self, session_id: SessionId, now_ns: int) -> None:
        with self.tables.transaction():
            taken = self.tables.session(session_id)
            listed = self.listed(taken.environment)
            own = {item.session_id for item in listed if item.group_name == taken.group_name}
            self.tables.set_aside |= own
            self.tables.set_aside.discard(session_id)

    def set_mode(self, session_id: SessionId, mode: Mode, reason: str, now_ns: int) -> None:
        with self.tables.transaction():
            session = self.tables.session(session_id)
            self._write(replace(session, mode=mode, mode_reason=reason, mode_changed_at_ns=now_ns))

    def change_mode(self, seen: Session, mode: Mode, reason: str, now_ns: int) -> bool:
        with self.tables.transaction():
            found = self.tables.sessions.get(seen.session_id)
            if found is None or found.stands_at != seen.stands_at:
                return found is not None and found.stands_at == (mode, reason, now_ns)
            self._write(replace(found, mode=mode, mode_reason=reason, mode_changed_at_ns=now_ns))
            return True

    def last_mode(self, session_id: SessionId, besides: Collection[Cause]) -> ModeChange | None:
        with self.tables.transaction():
            own = [change for owner, change in self.tables.mode_changes if owner == session_id]
            return next((change for change in reversed(own) if change.cause not in besides), None)

    def name_accounts(self, session_id: SessionId, accounts: Accounts) -> None:
        with self.tables.transaction():
            session = self.tables.session(session_id)
            known = session.accounts or accounts
            named = {venue: name or accounts.get(venue, "") for venue, name in known.items()}
            self.tables.sessions[session_id] = replace(session, accounts=named)

    def unjudged(self, session_id: SessionId) -> Mapping[str, int]:
        with self.tables.transaction():
            return dict(self.tables.unjudged.get(session_id, {}))

    def keep_unjudged(self, session_id: SessionId, since: Mapping[str, int]) -> None:
        with self.tables.transaction():
            self.tables.unjudged[session_id] = dict(since)

    def recovered(self, session_id: SessionId, recovery: Recovery) -> None:
        with self.tables.transaction():
            self.tables.recoveries.append((self.tables.session(session_id).session_id, recovery))

    def recoveries(self, session_id: SessionId, limit: int) -> tuple[Recovery, ...]:
        with self.tables.transaction():
            own = [recovery for owner, recovery in self.tables.recoveries if owner == session_id]
            return tuple(sorted(own, key=lambda each: each.recovered_at_ns, reverse=True)[:limit])

    def get(self, session_id: SessionId) -> Session | None:
        with self.tables.transaction():
            return self.tables.sessions.get(session_id)

    def generation(self, session_id: SessionId) -> Generation | None:
        with self.tables.transaction():
            return self.tables.generations.get(session_id)

    def begin_generation(self, generation: Generation) -> None:
        with self.tables.transaction():
            session = self.tables.session(generation.session_id)
            if session.generation == generation.number - 1:
                number = generation.number
                self.tables.sessions[session.session_id] = replace(session, generation=number)
                self.tables.generations[session.session_id] = generation
            elif self.tables.generations.get(session.session_id) != generation:
                raise Conflict(f"generation {generation.number} does not follow {session.generation}")

    def _write(self, session: Session) -> None:
        self.tables.sessions[session.session_id] = session
        change = ModeChange(mode=session.mode, reason=session.mode_reason, at_ns=session.mode_changed_at_ns)
        self.tables.mode_changes.append((session.session_id, change))
