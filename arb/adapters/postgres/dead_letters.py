"""`arb.ports.messaging.DeadLetterStore` in PostgreSQL, and what `arb dead` asks of it.

One row for all failures of the same work: it counts them, and one that was sent again and failed again
waits again. Modes and groups that share a database see their own rows only: what one of them gave up must not
run under the keys and settings of another.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import dead_letters as table
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason

SHOWN: Final = (
    "dead_letter_id", "reason", "queue", "task", "task_id", "error", "text",
    "failures", "first_at_ns", "last_at_ns", "replays", "replayed_at_ns",
)  # fmt: skip


class ReplayResult(Enum):
    """What came of sending one again."""

    SENT = "sent"
    NOT_THERE = "there is no such dead letter"
    ALREADY = "it was sent again already"
    UNREADABLE = "it cannot be sent again: it names no task"


@dataclass(frozen=True, slots=True)
class SqlDeadLetters:
    """Dead letters of one mode and group as rows."""

    engine: Engine
    scope: str

    def add(self, letter: DeadLetter) -> None:
        new = insert(table).values(
            scope=self.scope,
            fingerprint=letter.fingerprint,
            reason=letter.reason.value,
            queue=letter.queue,
            task=letter.task,
            task_id=letter.task_id,
            arguments=json.dumps([list(letter.args), dict(letter.kwargs)], default=str),
            error=_storable(letter.error),
            text=_storable(letter.text),
            failures=letter.failures,
            first_at_ns=letter.at_ns,
            last_at_ns=letter.at_ns,
        )
        newest = ("reason", "queue", "task_id", "arguments", "error", "last_at_ns")
        again = {name: new.excluded[name] for name in newest}
        counted = {"failures": table.c.failures + new.excluded.failures, "replayed_at_ns": 0}
        with transaction(self.engine) as connection:
            connection.execute(
                new.on_conflict_do_update(index_elements=["scope", "fingerprint"], set_=again | counted)
            )

    def listed(self, limit: int, *, everything: bool = False) -> list[dict[str, Any]]:
        """Return those that wait, the newest first, or all. Raises: StoreUnavailable."""
        which = self._own if everything else self._waiting
        wanted = select(*(table.c[name] for name in SHOWN), table.c.arguments).where(which)
        newest = wanted.order_by(table.c.last_at_ns.desc(), table.c.dead_letter_id.desc()).limit(limit)
        with reading(self.engine) as connection:
            return [_shown(row) for row in connection.execute(newest)]

    def waiting(self) -> int:
        """Return how many wait for a decision. Raises: StoreUnavailable."""
        with reading(self.engine) as connection:
            wanted = select(func.count()).select_from(table).where(self._waiting)
            return int(connection.execute(wanted).scalar_one())

    def waiting_ids(self) -> tuple[int, ...]:
        """Return their numbers, the oldest first. Raises: StoreUnavailable."""
        with reading(self.engine) as connection:
            wanted = select(table.c.dead_letter_id).where(self._waiting)
            return tuple(connection.execute(wanted.order_by(table.c.dead_letter_id)).scalars())

    def replay(self, dead_letter_id: int, send: Callable[[DeadLetter], None], now_ns: int) -> ReplayResult:
        """Send one again, whoever else tries to at the same time: its row is locked until it is marked.

        What `send` raises is passed on, and the letter waits as before. Raises: StoreUnavailable.
        """
        with transaction(self.engine) as connection:
            row = self._locked(connection, dead_letter_id)
            if row is None:
                return ReplayResult.NOT_THERE
            if row.replayed_at_ns:
                return ReplayResult.ALREADY
            if not row.task:
                return ReplayResult.UNREADABLE
            send(_letter(row))
            connection.execute(
                update(table)
                .where(table.c.dead_letter_id == dead_letter_id)
                .values(replayed_at_ns=now_ns, replays=table.c.replays + 1)
            )
            return ReplayResult.SENT

    def drop(self, ids: Sequence[int]) -> int:
        """Delete these; return how many were there. Raises: StoreUnavailable."""
        named = self._own & table.c.dead_letter_id.in_(ids)
        with transaction(self.engine) as connection:
            return connection.execute(delete(table).where(named)).rowcount

    def clean_up(self, before_ns: int) -> int:
        """Delete what was sent again before that and did not come back. Raises: StoreUnavailable."""
        old = self._own & (table.c.replayed_at_ns > 0) & (table.c.replayed_at_ns < before_ns)
        with transaction(self.engine) as connection:
            return connection.execute(delete(table).where(old)).rowcount

    @property
    def _own(self) -> ColumnElement[bool]:
        return table.c.scope == self.scope

    @property
    def _waiting(self) -> ColumnElement[bool]:
        return self._own & (table.c.replayed_at_ns == 0)

    def _locked(self, connection: Connection, dead_letter_id: int) -> Row[Any] | None:
        named = self._own & (table.c.dead_letter_id == dead_letter_id)
        return connection.execute(select(table).where(named).with_for_update()).first()


def _letter(row: Row[Any]) -> DeadLetter:
    args, kwargs = json.loads(row.arguments)
    return DeadLetter(
        reason=DeadLetterReason(row.reason),
        queue=row.queue,
        error=row.error,
        at_ns=row.last_at_ns,
        task=row.task,
        task_id=row.task_id,
        args=args,
        kwargs=kwargs,
        text=row.text,
        failures=row.failures,
    )


def _shown(row: Any) -> dict[str, Any]:
    args, kwargs = json.loads(row.arguments)
    return {name: getattr(row, name) for name in SHOWN} | {"args": args, "kwargs": kwargs}


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00")
