"""A server the stack relies on: where it is, how to ask whether it is well, and who runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arb.stack.process_spec import ProcessSpec
from arb.stack.wait import wait_until

READY_LIMIT_S: Final = 30.0  # crash recovery of a big write-ahead log is what takes long


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`ping` returns None when the server answers, else why it does not."""

    name: str
    url: str  # holds the password
    process: ProcessSpec | None  # None: somebody else runs it
    ping: Callable[[str], str | None]

    def wait_ready(self, watch: Callable[[], None]) -> None:
        """Return when the server answers; `watch` may raise to end the wait. Raises: TookTooLong."""

        def pending() -> str | None:
            watch()
            return self.ping(self.url)

        wait_until(pending, limit_s=READY_LIMIT_S, what=f"the start of {self.name}")
