"""Finds what is new of a session and worth a message: trades that closed, days that ended, new rules.

Rows are what it looks at, and a mark for each kind says until when it has looked; a kind that is turned on
begins with now. The marks move after the messages are kept, so that a process that dies in between finds the
same again, which adds nothing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from arb.domain.health.message import Message, MessageKind
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE, Span, day_of
from arb.ports.market import Clock
from arb.ports.messaging import MessageStore
from arb.ports.trading import Session

LATE_NS: Final = 10 * NS_PER_MINUTE  # a row is stamped before its commit, by another machine's clock
YOUNG_NS: Final = 10 * NS_PER_MINUTE  # a session that has just begun: all of it is news
OLD_NS: Final = NS_PER_DAY  # a trade that closed longer ago is no news any more
SETTLED_NS: Final = NS_PER_MINUTE  # after a day's end, for what was still being written
DAYS_MAX: Final = 8  # that are told after a stack was away
OLDER_SESSIONS_MAX: Final = 2  # before the one in use, whose last day may not have been told
AT_ONCE: Final = 500


class NewsSource(Protocol):
    """What the rows of a session say. Raises, everywhere: StoreUnavailable."""

    def closed(self, session_id: SessionId, since_ns: int, limit: int) -> Sequence[Message]:
        """Return trades that closed since and are no messages yet, the oldest first."""

    def rules(self, session_id: SessionId, since_ns: int) -> Sequence[Message]:
        """Return generations of settings after the first that were frozen since."""

    def day(self, session_id: SessionId, day: Span, zone: ZoneInfo) -> Message | None:
        """Return what came of a day, None if neither a trade ended nor the stack ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteNews:
    """Looks once; called again and again by beat, in any process."""

    sessions: Callable[[], Sequence[Session]]  # of our mode, group and account, the one in use first
    source: NewsSource
    store: MessageStore
    kinds: Collection[MessageKind]
    zone: ZoneInfo
    clock: Clock

    def run(self) -> None:
        """Keep what is new. Raises: StoreUnavailable."""
        now_ns = self.clock.now_ns()
        found = self.sessions()
        if not found:
            return
        current = found[0]
        self.store.unmark(current.session_id, [kind for kind in MessageKind if kind not in self.kinds])
        if MessageKind.TRADE_CLOSED in self.kinds:
            self._closed(current, now_ns)
        if MessageKind.RULES_CHANGED in self.kinds:
            self._rules(current, now_ns)
        if MessageKind.DAY_SUMMARY in self.kinds:
            self._days(current, now_ns)
            for older in found[1 : OLDER_SESSIONS_MAX + 1]:
                self._last_days(older, current.started_at_ns, now_ns)

    def _closed(self, session: Session, now_ns: int) -> None:
        kind, own = MessageKind.TRADE_CLOSED, session.session_id
        mark = self._begun(session, kind, now_ns)
        new = self.source.closed(own, max(mark - LATE_NS, now_ns - OLD_NS), AT_ONCE)
        self.store.add(own, new)
        self.store.set_mark(own, kind, new[-1].at_ns if len(new) == AT_ONCE else max(mark, now_ns))

    def _rules(self, session: Session, now_ns: int) -> None:
        kind, own = MessageKind.RULES_CHANGED, session.session_id
        mark = self._begun(session, kind, now_ns)
        self.store.add(own, self.source.rules(own, mark - LATE_NS))
        self.store.set_mark(own, kind, max(mark, now_ns))

    def _begun(self, session: Session, kind: MessageKind, now_ns: int) -> int:
        """Return until when news of a kind was looked for; where it never was, that begins with now."""
        mark = self.store.mark(session.session_id, kind)
        if mark is None:
            is_young = 0 <= now_ns - session.started_at_ns < YOUNG_NS
            mark = session.started_at_ns if is_young else now_ns + LATE_NS
            self.store.set_mark(session.session_id, kind, mark)
        return now_ns if mark > now_ns + LATE_NS else mark  # a clock that was set back hides nothing

    def _days(self, session: Session, now_ns: int) -> None:
        """Keep a summary of each day that has ended and was not summed up."""
        own = session.session_id
        mark = self.store.mark(own, MessageKind.DAY_SUMMARY)
        if mark is None:
            yesterday = day_of(day_of(now_ns, self.zone).from_ns - 1, self.zone)
            mark = max(day_of(session.started_at_ns, self.zone).from_ns, yesterday.from_ns)
            self.store.set_mark(own, MessageKind.DAY_SUMMARY, mark)
        mark = max(mark, now_ns - DAYS_MAX * NS_PER_DAY)
        while (day := day_of(mark, self.zone)).to_ns + SETTLED_NS < now_ns:
            summed = self.source.day(own, day, self.zone)
            self.store.add(own, () if summed is None else (summed,))
            mark = day.to_ns + 1
            self.store.set_mark(own, MessageKind.DAY_SUMMARY, mark)

    def _last_days(self, session: Session, following_ns: int, now_ns: int) -> None:
        """Do the same for a session that another one followed, until the day of that is told."""
        mark = self.store.mark(session.session_id, MessageKind.DAY_SUMMARY)
        if mark is None:
            return
        self._days(session, now_ns)
        mark = self.store.mark(session.session_id, MessageKind.DAY_SUMMARY)
        if mark is not None and mark > following_ns:
            self.store.unmark(session.session_id, tuple(MessageKind))
