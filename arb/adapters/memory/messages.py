"""`arb.ports.messaging.MessageStore` in memory."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from arb.adapters.memory.tables import MemoryTables, MessageRow
from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_DAY
from arb.ports.messaging import Waiting


@dataclass(frozen=True, slots=True)
class MemoryMessages:
    """Messages in a list; the number of a message is its place from 1."""

    tables: MemoryTables

    def add(self, session_id: SessionId, new: Iterable[Message]) -> int:
        with self.tables.transaction():
            known = {(row.message.kind, row.message.key) for row in self._of(session_id)}
            added = [each for each in new if (each.kind, each.key) not in known]
            rows = {(each.kind, each.key): each for each in added}.values()
            self.tables.messages.extend(MessageRow(session_id=session_id, message=each) for each in rows)
            return len(rows)

    def newest_ns(self, session_id: SessionId, kind: MessageKind, subject: str) -> int:
        with self.tables.transaction():
            found = [row.message for row in self._of(session_id) if row.message.kind is kind]
            return max((each.at_ns for each in found if each.key.startswith(f"{subject} ")), default=0)

    def claim(
        self, session_ids: Collection[SessionId], now_ns: int, lease_ns: int, pause_ns: int
    ) -> Sequence[Waiting]:
        with self.tables.transaction():
            own = [row for row in self.tables.messages if row.session_id in session_ids]
            resting = {
                (row.session_id, row.message.kind)
                for row in own
                if now_ns - pause_ns < row.tried_at_ns <= now_ns
            }
            claimed = []
            for place, row in enumerate(self.tables.messages, 1):
                is_due = not now_ns < row.due_ns <= now_ns + NS_PER_DAY
                if row not in own or row.ended_at_ns or not is_due:
                    continue
                if (row.session_id, row.message.kind) in resting:
                    continue
                cut_off = row.tries > 0 and not row.failure
                row.due_ns, row.tried_at_ns, row.failure = now_ns + lease_ns, now_ns, ""
                row.tries += 1
                claimed.append(
                    Waiting(
                        message_id=place,
                        session_id=row.session_id,
                        message=row.message,
                        tries=row.tries,
                        was_cut_off=cut_off,
                    )
                )
            return tuple(claimed)

    def told(self, message_ids: Collection[int], by: str, now_ns: int) -> None:
        with self.tables.transaction():
            for row in self._waiting(message_ids):
                row.ended_at_ns, row.told_by = now_ns, by

    def failed(self, message_ids: Collection[int], why: str, due_ns: int) -> None:
        with self.tables.transaction():
            for row in self._waiting(message_ids):
                row.due_ns, row.failure = due_ns, why or "unknown"

    def mark(self, session_id: SessionId, kind: MessageKind) -> int | None:
        with self.tables.transaction():
            return self.tables.message_marks.get((session_id, kind))

    def set_mark(self, session_id: SessionId, kind: MessageKind, at_ns: int) -> None:
        with self.tables.transaction():
            self.tables.message_marks[session_id, kind] = at_ns

    def unmark(self, session_id: SessionId, kinds: Collection[MessageKind]) -> None:
        with self.tables.transaction():
            for kind in kinds:
                self.tables.message_marks.pop((session_id, kind), None)

    def _of(self, session_id: SessionId) -> list[MessageRow]:
        return [row for row in self.tables.messages if row.session_id == session_id]

    def _waiting(self, message_ids: Collection[int]) -> list[MessageRow]:
        rows = [self.tables.messages[each - 1] for each in message_ids]
        return [row for row in rows if not row.ended_at_ns]
