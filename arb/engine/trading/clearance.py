"""When an order that a sender has ready may go: once its claim is committed.

A sender takes room within the venue's limits and signs while the claim is being committed, and waits here
right before the first byte. What was never committed is never sent. Who commits and sends an order as well
does that first: senders are told when its bytes leave, and look by themselves where that takes longer.
"""

import threading
from typing import Final

from arb.domain.errors import ArbError
from arb.ports.trading import Meanwhile, nothing_else

LOOK_S: Final = 0.002  # a connection that has to be made keeps nobody's order longer than this


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

    def committed(self) -> None:
        """They are committed; who waits is told by `grant`, or looks."""
        self._is_granted = True

    def grant(self) -> None:
        """They are committed, and everybody is told."""
        self._is_granted = True
        self._decided.set()

    def refuse(self) -> None:
        """They are not, and will not be; of no effect once they are."""
        self._decided.set()

    def await_commit(self) -> None:
        """Wait until that is known, for an order that is ready. Raises: NotCommitted."""
        self._on_ready()
        while not self._is_granted and not self._decided.wait(LOOK_S):
            pass
        if not self._is_granted:
            raise NotCommitted("not committed")


def _granted() -> Clearance:
    clearance = Clearance()
    clearance.grant()
    return clearance


COMMITTED: Final = _granted()  # of a claim that is
