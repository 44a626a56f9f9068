"""Something a person should know, and how often to say it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TRADE_HANDED_OVER: Final = "trade_handed_over"  # the kind; its subject is the trade


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `kind` and `subject` together are what is rate-limited, each severity by itself."""

    kind: str
    subject: str
    severity: Severity
    message: str
    at_ns: int
    held_back: int = 0  # equal ones before this one that were not told
    delivered_by: str = ""  # the channel that took it; none: only the file has it

    @property
    def key(self) -> str:
        """Return what is rate-limited together; a recovery is told though the alarm was told just now."""
        return f"{self.kind}|{self.subject}|{self.severity}"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The time after an alert in which equal ones are only counted."""

    since_ns: int
    held: int = 0


def admit(quiet: Quiet | None, alert: Alert, quiet_ns: int) -> tuple[Quiet, int | None]:
    """Return the quiet time after this alert, and how many were held back before it; None: so is this."""
    if quiet is not None and 0 <= alert.at_ns - quiet.since_ns < quiet_ns:
        return Quiet(quiet.since_ns, quiet.held + 1), None
    return Quiet(alert.at_ns), quiet.held if quiet is not None else 0
