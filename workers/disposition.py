"""What went wrong -> what happens next, for every task, in one table.

A store that is away or a row that somebody else changed is worth another attempt in a moment; the row
stays the truth, so when the attempts are used up a sweep takes over. Everything else is a bug and fails
loudly.
"""

from typing import Any, Final

from arb.domain.errors import Conflict, DispatchError, StoreUnavailable

WORTH_ANOTHER: Final = (StoreUnavailable, Conflict, DispatchError)
BACKOFF_S_MAX: Final = 5  # far below the visibility timeout


def retried(attempts: int) -> dict[str, Any]:
    """Return the task options for up to `attempts` more attempts with jittered exponential backoff."""
    return {
        "autoretry_for": WORTH_ANOTHER,
        "max_retries": attempts,
        "retry_backoff": True,
        "retry_backoff_max": BACKOFF_S_MAX,
        "retry_jitter": True,
    }
