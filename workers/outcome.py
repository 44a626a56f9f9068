"""How a task ends: with another attempt where that may help.

A store that is away or a row that somebody else changed is worth another attempt in a moment; the row
stays the truth, so when the attempts are used up a sweep takes over. Everything else is a bug and fails
loudly.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog

from arb.app.engines import engine
from arb.domain.errors import PASSING, ForeignSession

BACKOFF_S_MAX: Final = 5  # far below the visibility timeout
log = structlog.get_logger("arb.trading")


def retried(attempts: int) -> dict[str, Any]:
    """Return the task options for up to `attempts` more attempts with jittered exponential backoff."""
    return {
        "autoretry_for": PASSING,
        "max_retries": attempts,
        "retry_backoff": True,
        "retry_backoff_max": BACKOFF_S_MAX,
        "retry_jitter": True,
    }


@contextmanager
def own_sessions_only(task: str) -> Iterator[None]:
    """Drop and count a message for a session of another mode or account: its own workers will have it."""
    try:
        yield
    except ForeignSession as error:
        log.warning("foreign_message_dropped", task=task, session=error.session_id, mode=error.environment)
        engine().counters.count("messages_dropped", error.reason)
