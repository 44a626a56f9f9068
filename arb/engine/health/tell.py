"""Tells what waits: each message until a channel took it, at most once at a time, and not the stale ones.

It runs beside everything else and may take long; nothing waits for it. A try whose process died is made
again and says so: whether it arrived is not known.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from arb.domain.errors import StoreError
from arb.domain.health.backoff import Backoff
from arb.domain.health.message import Message, MessageKind, is_told_together, render
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_S
from arb.ports.market import Clock
from arb.ports.messaging import Counters, MessageStore, Messenger, Waiting

LEASE_NS: Final = 180 * NS_PER_S  # some channels, each of which ends in 15 s, and a database that was away
PAUSES: Final = Backoff(first_ms=30_000, max_ms=1_800_000)
KEEPING: Final = Backoff(first_ms=1_000, max_ms=16_000, attempts_max=6)  # that a message was told: 31 s
OLD_NS: Final[Mapping[MessageKind, int]] = {
    MessageKind.TRADE_CLOSED: NS_PER_DAY,
    MessageKind.PREMIUM_ABOVE: NS_PER_HOUR,
    MessageKind.INVENTORY_LOW: NS_PER_DAY,
    MessageKind.RULES_CHANGED: 7 * NS_PER_DAY,
    MessageKind.DAY_SUMMARY: 30 * NS_PER_DAY,
}
CUT_OFF: Final = "(Sent again: the first try was cut off, and may have arrived.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Sends once what is due."""

    sessions: Callable[[], Collection[SessionId]]
    store: MessageStore
    messenger: Messenger
    templates: Mapping[str, str]
    pause_ns: int  # what comes of a kind within this time is told together
    counters: Counters
    clock: Clock

    def run(self) -> int:
        """Return how many messages were told. Raises: StoreUnavailable."""
        now_ns = self.clock.now_ns()
        claimed = self.store.claim(self.sessions(), now_ns, LEASE_NS, self.pause_ns)
        fresh = [each for each in claimed if not _is_old(each.message, now_ns)]
        if old := [each.message_id for each in claimed if each not in fresh]:
            self.store.told(old, "", now_ns)
            self.counters.count("messages", "too_old", len(old))
        return sum(self._send(together) for together in _bundles(fresh))

    def _send(self, together: Sequence[Waiting]) -> int:
        ids = [each.message_id for each in together]
        kind = together[0].message.kind
        title, text = render(kind, [each.message.facts for each in together], self.templates)
        if any(each.was_cut_off for each in together):
            text = f"{text}\n{CUT_OFF}"
        sent = self.messenger.send(title, text, together[0].message)
        if sent.by:
            self.counters.count("messages", f"{kind}_told", len(ids))
            self._keep_told(ids, sent.by)
            return len(ids)
        self.counters.count("messages", f"{kind}_failed", len(ids))
        pause_ns = PAUSES.even_ns(max(each.tries for each in together) - 1)
        self.store.failed(ids, sent.why, self.clock.now_ns() + pause_ns)
        return 0

    def _keep_told(self, ids: Sequence[int], by: str) -> None:
        """Keep that messages were told, also if the database is away just now: else they are told again."""
        for attempt in range(KEEPING.attempts_max):
            try:
                return self.store.told(ids, by, self.clock.now_ns())
            except StoreError:
                self.clock.sleep_ms(KEEPING.delay_ms(attempt, 0.5))
        self.counters.count("messages", "told_not_kept", len(ids))
        return None


def _is_old(message: Message, now_ns: int) -> bool:
    return now_ns - message.at_ns > OLD_NS[message.kind]


def _bundles(waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    """Return what is told in one message each: several of a session and kind that go together."""

    def of(each: Waiting) -> tuple[str, str, int]:
        kind = each.message.kind
        return each.session_id, kind, 0 if is_told_together(kind) else each.message_id

    return [list(group) for _, group in groupby(sorted(waiting, key=of), of)]
