"""Work that was given up: what it was, why, and which failures are the same one again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from arb.domain.errors import DispatchError, StoreUnavailable

# An outage is nobody's fault and passes: the row of what has to happen is there, and a sweep sends it again.
OUTAGES: Final = (StoreUnavailable, DispatchError)
# Work of the moment, whose arguments are worth nothing later: all failures of such a task are one letter.
FLEETING: Final = ("arb.evaluate", "arb.canary.")
DELIVERIES_MAX: Final = 20  # more than chance explains, even where workers are killed all the time
ERROR_LENGTH_MAX: Final = 2_000


class DeadLetterReason(StrEnum):
    """Why it was given up."""

    FAILED = "failed"  # it raised, after all its attempts
    REDELIVERED = "redelivered"  # whoever took it never came to an end with it
    UNREADABLE = "unreadable"  # no task that we know, or no message at all


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message that nobody will run until a person says so."""

    reason: DeadLetterReason
    queue: str
    error: str
    at_ns: int
    task: str = ""  # empty: it could not be read
    task_id: str = ""
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""  # of what could not be read
    failures: int = 1  # how often it failed, or was delivered

    @property
    def fingerprint(self) -> str:
        """Return what all failures of the same work have in common."""
        if not self.task:
            parts: tuple[Any, ...] = (self.queue, self.text)
        elif self.task.startswith(FLEETING):
            parts = (self.task,)
        else:
            parts = (self.task, list(self.args), dict(self.kwargs))
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def error_text(error: BaseException) -> str:
    """Return an error in one line or a few."""
    return f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]


def is_poison(error: BaseException) -> bool:
    """Tell whether a task that ended with this error would do so again, as far as anybody knows."""
    return not isinstance(error, OUTAGES)
