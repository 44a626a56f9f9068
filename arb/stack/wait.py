"""Waiting with a limit."""

import time
from collections.abc import Callable
from typing import Final

from arb.stack.errors import TookTooLong

PAUSE_S: Final = 0.05
TELL_S: Final = 10.0


def untold(_missing: str) -> None:
    """Nobody wants to know what is awaited."""


def wait_until(
    pending: Callable[[], str | None],
    *,
    limit_s: float,
    what: str,
    pause_s: float = PAUSE_S,
    tell: Callable[[str], None] = untold,
) -> None:
    """Call `pending` until it returns None; what it returns before that says what is still missing.

    `tell` hears every ten seconds what that is. Raises: TookTooLong with the last answer.
    """
    began_s = told_s = time.monotonic()
    while (missing := pending()) is not None:
        now_s = time.monotonic()
        if now_s > began_s + limit_s:
            raise TookTooLong(what, limit_s, missing)
        if now_s > told_s + TELL_S:
            told_s = now_s
            tell(f"still waiting after {now_s - began_s:.0f} s: {missing}")
        time.sleep(pause_s)
