"""`arb.ports.messaging.MessageStore` in PostgreSQL."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import message_marks, messages
from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_DAY
from arb.ports.messaging import Waiting

AT_ONCE: Final = 200
# What is due later than this was written by a clock that has been set back since.
AHEAD_NS_MAX: Final = NS_PER_DAY
COLUMNS: Final = (
    "message_id", "session_id", "kind", "key", "facts", "at_ns", "tries", "failure", "ended_at_ns", "told_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SqlMessages:
    """`arb.ports.messaging.MessageStore` in PostgreSQL."""

    engine: Engine

    def add(self, session_id: SessionId, new: Iterable[Message]) -> int:
        values = [
            {
                "session_id": session_id,
                "kind": each.kind.value,
                "key": each.key,
                "facts": dict(each.facts),
                "at_ns": each.at_ns,
            }
            for each in new
        ]
        if not values:
            return 0
        adding = insert(messages).on_conflict_do_nothing().values(values).returning(messages.c.message_id)
        with transaction(self.engine) as connection:
            return len(connection.execute(adding).all())

    def newest_ns(self, session_id: SessionId, kind: MessageKind, subject: str) -> int:
        newest = select(func.max(messages.c.at_ns)).where(
            messages.c.session_id == session_id,
            messages.c.kind == kind.value,
            messages.c.key.startswith(f"{subject} ", autoescape=True),
        )
        with reading(self.engine) as connection:
            return connection.execute(newest).scalar_one_or_none() or 0

    def claim(
        self, session_ids: Collection[SessionId], now_ns: int, lease_ns: int, pause_ns: int
    ) -> Sequence[Waiting]:
        own = messages.c.session_id.in_(session_ids)
        resting = (
            select(messages.c.session_id, messages.c.kind)
            .where(own, messages.c.tried_at_ns.between(now_ns - pause_ns + 1, now_ns))
            .distinct()
            .subquery()
        )
        due = (
            select(messages)
            .outerjoin(
                resting,
                and_(resting.c.session_id == messages.c.session_id, resting.c.kind == messages.c.kind),
            )
            .where(
                own,
                messages.c.ended_at_ns == 0,
                resting.c.kind.is_(None),
                or_(messages.c.due_ns <= now_ns, messages.c.due_ns > now_ns + AHEAD_NS_MAX),
            )
            .order_by(messages.c.message_id)
            .limit(AT_ONCE)
            .with_for_update(of=messages, skip_locked=True)
        )
        with transaction(self.engine) as connection:
            rows = connection.execute(due).all()
            claiming = update(messages).where(
                messages.c.message_id.in_([row.message_id for row in rows]), messages.c.ended_at_ns == 0
            )
            if rows:
                connection.execute(
                    claiming.values(
                        due_ns=now_ns + lease_ns,
                        tried_at_ns=now_ns,
                        tries=messages.c.tries + 1,
                        failure="",
                    )
                )
        return tuple(map(_waiting, rows))

    def told(self, message_ids: Collection[int], by: str, now_ns: int) -> None:
        with transaction(self.engine) as connection:
            connection.execute(_of(message_ids).values(ended_at_ns=now_ns, told_by=by))

    def failed(self, message_ids: Collection[int], why: str, due_ns: int) -> None:
        with transaction(self.engine) as connection:
            connection.execute(_of(message_ids).values(due_ns=due_ns, failure=why or "unknown"))

    def mark(self, session_id: SessionId, kind: MessageKind) -> int | None:
        wanted = select(message_marks.c.at_ns).where(
            message_marks.c.session_id == session_id, message_marks.c.kind == kind.value
        )
        with reading(self.engine) as connection:
            found: int | None = connection.execute(wanted).scalar_one_or_none()
        return found

    def set_mark(self, session_id: SessionId, kind: MessageKind, at_ns: int) -> None:
        values = {"session_id": session_id, "kind": kind.value, "at_ns": at_ns}
        keeping = insert(message_marks).values(values)
        keys = [message_marks.c.session_id, message_marks.c.kind]
        with transaction(self.engine) as connection:
            connection.execute(keeping.on_conflict_do_update(index_elements=keys, set_={"at_ns": at_ns}))

    def unmark(self, session_id: SessionId, kinds: Collection[MessageKind]) -> None:
        gone = delete(message_marks).where(
            message_marks.c.session_id == session_id, message_marks.c.kind.in_([kind.value for kind in kinds])
        )
        with transaction(self.engine) as connection:
            connection.execute(gone)

    def listed(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest messages of all sessions, newest first. Raises: StoreUnavailable."""
        wanted = select(*(messages.c[name] for name in COLUMNS)).order_by(messages.c.message_id.desc())
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(wanted.limit(limit)).mappings()]

    def clean_up(self, before_ns: int) -> None:
        """Delete what ended before then. Raises: StoreUnavailable."""
        with transaction(self.engine) as connection:
            connection.execute(delete(messages).where(messages.c.ended_at_ns.between(1, before_ns)))


def _of(message_ids: Collection[int]) -> Any:
    return update(messages).where(messages.c.message_id.in_(message_ids), messages.c.ended_at_ns == 0)


def _waiting(row: Any) -> Waiting:
    return Waiting(
        message_id=row.message_id,
        session_id=SessionId(row.session_id),
        message=Message(kind=MessageKind(row.kind), key=row.key, at_ns=row.at_ns, facts=row.facts),
        tries=row.tries + 1,
        was_cut_off=row.tries > 0 and not row.failure,
    )
