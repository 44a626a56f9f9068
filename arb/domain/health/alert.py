"""Something a person should know, and how often to say it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

Rank = tuple[int, int]
TURNS_MAX: Final = 2  # in one quiet time: better once, and worse again
TRADE_HANDED_OVER: Final = "trade_handed_over"  # the kind; its subject is the trade


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `kind` and `subject` together are what is rate-limited."""

    kind: str
    subject: str
    severity: Severity
    message: str
    at_ns: int
    grade: int = 0  # how bad it is among those of its severity
    held_back: int = 0  # others before this one that were not told
    delivered_by: str = ""  # the channel that took it; none: only the file has it

    @property
    def key(self) -> str:
        """Return what is rate-limited together."""
        return f"{self.kind}|{self.subject}"

    @property
    def rank(self) -> Rank:
        """Return how bad it is, the worse the greater."""
        return list(Severity).index(self.severity), self.grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The time after an alert in which what tells nothing new about its subject is only counted."""

    since_ns: int
    told: Rank  # of the last one that was told
    last: Rank  # of the last one, told or held back
    message: str  # likewise
    turns: int = 0  # of what was told: odd after a turn for the better, even after one for the worse
    held: int = 0
    news: bool = False  # what was held back says something else than what was told

    @classmethod
    def after(cls, alert: Alert) -> "Quiet":
        """Return the time that begins with an alert."""
        return cls(since_ns=alert.at_ns, told=alert.rank, last=alert.rank, message=alert.message)

    def is_over(self, now_ns: int, quiet_ns: int) -> bool:
        """Tell whether this time has passed; a clock that was set back before it ends it too."""
        return not 0 <= now_ns - self.since_ns < quiet_ns

    def admits(self, alert: Alert) -> bool:
        """Tell whether an alert is told all the same.

        What is worse than what was told always is. What is better is until the subject got worse again:
        from then on it flaps, and the last word stays the bad one. So the ranks bound what is told.
        """
        return alert.rank > self.told or (alert.rank < self.told and self.turns < TURNS_MAX)

    def telling(self, alert: Alert) -> "Quiet":
        """Return the rest of this time after an alert that is told."""
        is_turn = (alert.rank > self.told) == (self.turns % 2 == 1)
        return replace(Quiet.after(alert), since_ns=self.since_ns, turns=self.turns + is_turn)

    def holding(self, alert: Alert) -> "Quiet":
        """Return the rest of this time after an alert that is held back."""
        news = self.news or (alert.rank, alert.message) != (self.last, self.message)
        return replace(self, last=alert.rank, message=alert.message, held=self.held + 1, news=news)


def admit(quiet: Quiet | None, alert: Alert, quiet_ns: int) -> tuple[Quiet, int | None]:
    """Return the quiet time after this alert, and how many were held back before it; None: so is this."""
    if quiet is None:
        return Quiet.after(alert), 0
    if quiet.is_over(alert.at_ns, quiet_ns):
        return Quiet.after(alert), quiet.held
    if quiet.admits(alert):
        return quiet.telling(alert), quiet.held
    return quiet.holding(alert), None


def summary(key: str, quiet: Quiet, now_ns: int, quiet_ns: int) -> Alert:
    """Return what to tell of a quiet time that is over: how its subject is by the last alert about it."""
    kind, _, subject = key.partition("|")
    quiet_s = quiet_ns // 1_000_000_000
    text = f"{quiet.held} more like this were held back in {quiet_s} s"
    if quiet.news:
        text = f"{quiet.message} (the last of {quiet.held} that were held back in {quiet_s} s)"
    place, grade = quiet.last
    return Alert(
        kind=kind,
        subject=subject,
        severity=list(Severity)[place],
        grade=grade,
        message=text,
        at_ns=now_ns,
        held_back=quiet.held,
    )
