"""Waiting with a limit."""

import time
from collections.abc import Callable
from typing import Final

from arb.stack.errors import TookTooLong

PAUSE_S: Final = 0.05


def wait_until(
    pending: Callable[[], str | None], *, limit_s: float, what: str, pause_s: float = PAUSE_S
) -> None:
    """Call `pending` until it returns None; what it returns before that says what is still missing.

    Raises: TookTooLong with the last answer.
    """
    deadline = time.monotonic() + limit_s
    while (missing := pending()) is not None:
        if time.monotonic() > deadline:
            raise TookTooLong(what, limit_s, missing)
        time.sleep(pause_s)
