"""Give a message up without losing it: into SQL, else into a buffer until SQL is back.

A letter that neither takes is not given up: its message stays with its broker, and comes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from arb.domain.errors import StoreError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason
from arb.ports.messaging import AlertSink, Counters, DeadLetterBuffer, DeadLetterStore

COLLECTED_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDeadLetter:
    """What a worker does with a message that it gives up."""

    store: DeadLetterStore
    buffer: DeadLetterBuffer
    alerts: AlertSink
    counters: Counters

    def run(self, letter: DeadLetter) -> None:
        """Keep the letter and tell somebody. Raises: StoreUnavailable if neither store takes it."""
        try:
            self.store.add(letter)
        except StoreError:
            self.buffer.put(letter)
            self.counters.count("dead_letters", "parked")
        self.counters.count("dead_letters", letter.reason)
        self.alerts.raise_alert(alert_of(letter))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectDeadLetters:
    """The use case behind `arb.collect_dead`: what the buffer has, and what cannot be read, goes to SQL."""

    store: DeadLetterStore
    buffer: DeadLetterBuffer
    alerts: AlertSink
    counters: Counters
    now_ns: Callable[[], int]
    queues: Sequence[str]

    def run(self) -> int:
        """Collect once; return how many. Raises: StoreUnavailable; what was not collected stays."""
        collected = 0
        for token, letter in self.buffer.waiting(self.queues, self.now_ns(), COLLECTED_AT_ONCE):
            self.store.add(letter)  # twice counts a failure twice, and is not one letter more
            self.buffer.remove(token)
            if letter.reason is DeadLetterReason.UNREADABLE:
                self.counters.count("dead_letters", letter.reason)
                self.alerts.raise_alert(alert_of(letter))
            collected += 1
        return collected


def alert_of(letter: DeadLetter) -> Alert:
    """Return what to tell: one alert a task, however many of its messages there are."""
    subject = letter.task or letter.queue
    return Alert(
        kind=AlertKind.DEAD_LETTER,
        subject=subject,
        severity=Severity.WARNING,
        message=f"{subject} was given up ({letter.reason}): {letter.error}; see `arb dead list`",
        at_ns=letter.at_ns,
    )
