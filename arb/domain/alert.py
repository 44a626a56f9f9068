"""Something a person should know."""

from dataclasses import dataclass
from enum import StrEnum


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
