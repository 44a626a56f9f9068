"""Which alerts are sent and which are suppressed, agreed between the processes of a home by one file."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Final, Protocol

from arb.adapters.local.shared_file import Document, SharedFile
from arb.domain.health.alert import Alert, Quiet, admit, is_known, summary

UNDER_WAY_NS: Final = 10_000_000_000  # a delivery tries one channel after the other
KEYS_MAX: Final = 200  # more subjects than this at once: the oldest are forgotten
MESSAGE_CHARACTERS_MAX: Final = 120  # of the last ones held back: all of them have to fit into a shared file


class AlertLimiter(Protocol):
    """Decides which alerts are told."""

    def admit(self, alert: Alert) -> int | None:
        """Return how many were held back before it, or None if this one is held back."""

    def admit_again(self, alert: Alert) -> bool:
        """Tell whether an alert of which nothing shows a delivery is told again: none is under way now."""

    def overdue(self, now_ns: int) -> list[Alert]:
        """Return a summary of what was held back in each quiet time that is over, once."""


@dataclass(slots=True)
class MemoryLimiter:
    """Which alerts one process sends and which it holds back, kept in its memory."""

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
        if not any(_quiet(kept).held for kept in self.file.read().values()):
            return []
        return self.file.update(lambda document: _overdue(document, now_ns, self.quiet_ns))


def _admit(document: Document, alert: Alert, quiet_ns: int) -> int | None:
    kept = document.pop(alert.key, None)
    short = _short(alert)
    quiet, held = admit(kept and _quiet(kept), short, quiet_ns)
    _note(document, alert.key, quiet)
    return held


def _admit_again(document: Document, alert: Alert) -> bool:
    kept = document.get(alert.key)
    known = _quiet(kept) if kept else None
    if known is not None and not known.is_over(alert.at_ns, UNDER_WAY_NS):
        return False
    again = Quiet.after(_short(alert))
    _note(document, alert.key, replace(again, held=known.held) if known else again)
    return True


def _short(alert: Alert) -> Alert:
    return replace(alert, message=alert.message[:MESSAGE_CHARACTERS_MAX])


def _note(document: Document, key: str, quiet: Quiet) -> None:
    document[key] = astuple(quiet)
    oldest_first = sorted(document, key=lambda each: _quiet(document[each]).since_ns)
    for old in oldest_first[:-KEYS_MAX]:
        del document[old]


def _overdue(document: Document, now_ns: int, quiet_ns: int) -> list[Alert]:
    quiets = {key: _quiet(kept) for key, kept in document.items()}
    waiting = {key: quiet for key, quiet in quiets.items() if quiet.held and is_known(key)}
    over = {key: quiet for key, quiet in waiting.items() if quiet.is_over(now_ns, quiet_ns)}
    for key in over:
        del document[key]
    return [summary(key, quiet, now_ns, quiet_ns) for key, quiet in over.items()]


def _quiet(kept: Sequence[Any]) -> Quiet:
    since_ns, told, last, message, turns, held, news = kept
    return Quiet(
        since_ns=since_ns,
        told=tuple(told),
        last=tuple(last),
        message=message,
        turns=turns,
        held=held,
        news=news,
    )
