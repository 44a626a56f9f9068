"""`arb.ports.trading.SessionStore` in PostgreSQL."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Engine, insert, select, update

from arb.adapters.postgres import generations, neighbours, purse, recoveries, review_marks, session_accounts
from arb.adapters.postgres.engine import asking, nothing_changed, reading, transaction
from arb.adapters.postgres.retry import Retry, harmless_twice, interrupted_only
from arb.adapters.postgres.rows import mode_change_of, session_of
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.tables import mode_changes, sessions
from arb.domain.errors import InvariantError
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, ModeChange, reason_text
from arb.domain.risk.review import Mode
from arb.domain.state.generation import Generation
from arb.domain.state.owner import Accounts
from arb.domain.state.recovery import Recovery
from arb.ports.trading import Session


@dataclass(frozen=True, slots=True)
class SqlSessionStore:
    """Sessions, their mode, and how it changed."""

    engine: Engine
    retry: Retry = field(default_factory=Retry)

    @interrupted_only
    def create(self, session: Session) -> None:
        with transaction(self.engine) as connection:
            values = asdict(session) | {"mode": session.mode.value}
            del values["accounts"]
            connection.execute(insert(sessions).values(values))
            session_accounts.write(connection, session.session_id, session.environment, session.accounts)
            _keep(
                connection,
                session.session_id,
                session.mode,
                session.mode_reason,
                session.mode_changed_at_ns,
            )

    @harmless_twice
    def current(self, environment: str, group: str = "") -> Session | None:
        newest = (
            select(sessions, NAMED)
            .where(
                sessions.c.environment == environment,
                sessions.c.group_name == group,
                sessions.c.set_aside_at_ns == 0,
            )
            .order_by(sessions.c.started_at_ns.desc(), sessions.c.session_id.desc())
            .limit(1)
        )
        with reading(self.engine) as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else session_of(row)

    @harmless_twice
    def listed(self, environment: str) -> tuple[Session, ...]:
        own = select(sessions, NAMED).where(sessions.c.environment == environment)
        newest = own.order_by(sessions.c.started_at_ns.desc(), sessions.c.session_id.desc())
        with reading(self.engine) as connection:
            return tuple(session_of(row) for row in connection.execute(newest))

    @harmless_twice
    def take_up(self, session_id: SessionId, now_ns: int) -> None:
        with transaction(self.engine) as connection:
            taken = read(connection, session_id)
            if taken is None:
                raise InvariantError(f"session {session_id} does not exist")
            own = update(sessions).where(
                sessions.c.environment == taken.environment, sessions.c.group_name == taken.group_name
            )
            connection.execute(own.where(sessions.c.session_id == session_id).values(set_aside_at_ns=0))
            neighbours.book_moves(connection, session_id, now_ns)
            others = own.where(sessions.c.session_id != session_id, sessions.c.set_aside_at_ns == 0)
            connection.execute(others.values(set_aside_at_ns=now_ns))

    @harmless_twice
    def set_mode(self, session_id: SessionId, mode: Mode, reason: str, now_ns: int) -> None:
        """Waits for a trade that is being opened; none is opened under the old mode afterwards."""
        with transaction(self.engine) as connection:
            purse.lock(connection, session_id)
            changed = connection.execute(
                update(sessions)
                .where(sessions.c.session_id == session_id)
                .values(mode=mode.value, mode_reason=reason, mode_changed_at_ns=now_ns)
            )
            if changed.rowcount != 1:
                raise InvariantError(f"session {session_id} does not exist")
            _keep(connection, session_id, mode, reason, now_ns)
            review_marks.move(connection, session_id)

    @harmless_twice
    def change_mode(self, seen: Session, mode: Mode, reason: str, now_ns: int) -> bool:
        """A change that is there already is ours: the answer to its commit was lost."""
        unchanged = update(sessions).where(
            sessions.c.session_id == seen.session_id,
            sessions.c.mode == seen.mode.value,
            sessions.c.mode_reason == seen.mode_reason,
            sessions.c.mode_changed_at_ns == seen.mode_changed_at_ns,
        )
        values = {"mode": mode.value, "mode_reason": reason, "mode_changed_at_ns": now_ns}
        with transaction(self.engine) as connection:
            purse.lock(connection, seen.session_id)
            if connection.execute(unchanged.values(values)).rowcount == 1:
                _keep(connection, seen.session_id, mode, reason, now_ns)
                review_marks.move(connection, seen.session_id)
                return True
            found = read(connection, seen.session_id)
            if found is not None and found.stands_at == (mode, reason, now_ns):
                return True
            nothing_changed(connection)
            return False

    @harmless_twice
    def last_mode(self, session_id: SessionId, besides: Collection[Cause]) -> ModeChange | None:
        newest = (
            select(mode_changes)
            .where(
                mode_changes.c.session_id == session_id,
                mode_changes.c.reason.not_in([reason_text(cause) for cause in besides]),
            )
            .order_by(mode_changes.c.mode_change_id.desc())
            .limit(1)
        )
        with reading(self.engine) as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else mode_change_of(row)

    @harmless_twice
    def name_accounts(self, session_id: SessionId, accounts: Accounts) -> None:
        with transaction(self.engine) as connection:
            session_accounts.name(connection, session_id, accounts)

    @harmless_twice
    def unjudged(self, session_id: SessionId) -> Mapping[str, int]:
        with reading(self.engine) as connection:
            found = select(sessions.c.unjudged_since).where(sessions.c.session_id == session_id)
            return connection.execute(found).scalar() or {}

    @harmless_twice
    def keep_unjudged(self, session_id: SessionId, since: Mapping[str, int]) -> None:
        chosen = update(sessions).where(sessions.c.session_id == session_id)
        with transaction(self.engine) as connection:
            connection.execute(chosen.values(unjudged_since=dict(since)))

    @interrupted_only
    def recovered(self, session_id: SessionId, recovery: Recovery) -> None:
        with transaction(self.engine) as connection:
            recoveries.add(connection, session_id, recovery)

    @harmless_twice
    def recoveries(self, session_id: SessionId, limit: int) -> tuple[Recovery, ...]:
        with reading(self.engine) as connection:
            return recoveries.newest(connection, session_id, limit)

    @harmless_twice
    def get(self, session_id: SessionId) -> Session | None:
        with asking(self.engine) as connection:
            return read(connection, session_id)

    @harmless_twice
    def generation(self, session_id: SessionId) -> Generation | None:
        with reading(self.engine) as connection:
            return generations.newest(connection, session_id)

    @harmless_twice
    def begin_generation(self, generation: Generation) -> None:
        with transaction(self.engine) as connection:
            generations.add(connection, generation)


def read(connection: Connection, session_id: SessionId) -> Session | None:
    """Return one session in the caller's transaction."""
    row = connection.execute(select(sessions, NAMED).where(sessions.c.session_id == session_id)).one_or_none()
    return None if row is None else session_of(row)


def _keep(connection: Connection, session_id: SessionId, mode: Mode, reason: str, at_ns: int) -> None:
    connection.execute(
        insert(mode_changes).values(session_id=session_id, mode=mode.value, reason=reason, at_ns=at_ns)
    )
