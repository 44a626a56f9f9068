"""Which alerts are told and which only counted, agreed between the processes of a home by one file."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from arb.adapters.shared_file import Document, SharedFile
from arb.domain.alert import Alert, Quiet, Severity, admit

UNDER_WAY_NS: Final = 10_000_000_000  # a delivery tries one channel after the other
KEYS_MAX: Final = 300  # more subjects than this at once: the oldest are forgotten


class Limiter(Protocol):
    """Decides which alerts are told."""

    def admit(self, alert: Alert) -> int | None:
        """Return how many equal ones were held back before it, or None if this one is held back."""

    def admit_again(self, alert: Alert) -> bool:
        """Tell whether an alert of which nothing shows a delivery is told again: none is under way now."""

    def overdue(self, now_ns: int) -> list[Alert]:
        """Return a summary of what was held back in each quiet time that is over, once."""


@dataclass(slots=True)
class MemoryLimiter:
    """One process's own."""

    quiet_ns: int
    document: Document = field(default_factory=dict)

    def admit(self, alert: Alert) -> int | None:
        return _admit(self.document, alert, self.quiet_ns)

    def admit_again(self, alert: Alert) -> bool:
        return _admit_again(self.document, alert)

    def overdue(self, now_ns: int) -> list[Alert]:
        return _overdue(self.document, now_ns, self.quiet_ns)


@dataclass(frozen=True, slots=True)
class SharedLimiter:
    """The same for all processes that share a file."""

    file: SharedFile
    quiet_ns: int

    def admit(self, alert: Alert) -> int | None:
        return self.file.update(lambda document: _admit(document, alert, self.quiet_ns))

    def admit_again(self, alert: Alert) -> bool:
        return self.file.update(lambda document: _admit_again(document, alert))

    def overdue(self, now_ns: int) -> list[Alert]:
        if not any(held for _, held in self.file.read().values()):
            return []
        return self.file.update(lambda document: _overdue(document, now_ns, self.quiet_ns))


def _admit(document: Document, alert: Alert, quiet_ns: int) -> int | None:
    known = document.pop(alert.key, None)
    quiet, held = admit(Quiet(*known) if known else None, alert, quiet_ns)
    _note(document, alert, quiet)
    return held


def _admit_again(document: Document, alert: Alert) -> bool:
    known = Quiet(*document.get(alert.key, (0, 0)))
    if 0 <= alert.at_ns - known.since_ns < UNDER_WAY_NS:
        return False
    _note(document, alert, Quiet(alert.at_ns, known.held))
    return True


def _note(document: Document, alert: Alert, quiet: Quiet) -> None:
    document[alert.key] = (quiet.since_ns, quiet.held)
    for key in sorted(document, key=lambda key: document[key][0])[: max(0, len(document) - KEYS_MAX)]:
        del document[key]


def _overdue(document: Document, now_ns: int, quiet_ns: int) -> list[Alert]:
    over = [key for key, (since_ns, held) in document.items() if held and now_ns - since_ns >= quiet_ns]
    return [_summary(key, document.pop(key)[1], now_ns, quiet_ns) for key in over]


def _summary(key: str, held: int, now_ns: int, quiet_ns: int) -> Alert:
    kind, _, rest = key.partition("|")
    subject, _, severity = rest.rpartition("|")
    return Alert(
        kind=kind,
        subject=subject,
        severity=Severity(severity),
        message=f"{held} more like this were held back in {quiet_ns // 1_000_000_000} s",
        at_ns=now_ns,
        held_back=held,
    )
