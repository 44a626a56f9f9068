"""Something that was away and is back: what, why, and for how long."""

from dataclasses import dataclass
from typing import Final

SESSION: Final = "session"
REDIS: Final = "redis"
POSTGRES: Final = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One recovery of a session's component."""

    component: str
    cause: str
    lost_at_ns: int  # of a session that was killed: when its next start began
    recovered_at_ns: int
    detail: str = ""
