"""When an order that a sender has ready may go: once its claim is committed.

A sender takes room within the venue's limits and signs while the claim is being committed, and waits here
right before the first byte. What was never committed is never sent.
"""

import threading
from typing import Final

from arb.domain.errors import ArbError
from arb.ports.trading import Meanwhile, nothing_else


class NotCommitted(ArbError):
    """The orders were not written: there is nothing to send."""


class Clearance:
    """For the orders of one commit; safe between threads."""

    def __init__(self, on_ready: Meanwhile = nothing_else) -> None:
        self._decided = threading.Event()
        self._is_granted = False
        self._on_ready = on_ready

    @property
    def is_granted(self) -> bool:
        """Tell whether they may go by now."""
        return self._is_granted

    def grant(self) -> None:
        """They are committed."""
        self._is_granted = True
        self._decided.set()

    def refuse(self) -> None:
        """They are not, and will not be; of no effect once they are."""
        self._decided.set()

    def await_commit(self) -> None:
        """Wait until that is known, for an order that is ready. Raises: NotCommitted."""
        self._on_ready()
        self._decided.wait()
        if not self._is_granted:
            raise NotCommitted("not committed")


def _granted() -> Clearance:
    clearance = Clearance()
    clearance.grant()
    return clearance


COMMITTED: Final = _granted()  # of a claim that is
