"""A plug-in of supervisord: counts starts and exits, and puts a ceiling on its backoff.

Supervisor itself forgets how often it restarted a program, and waits one second more after each
failed start, without a limit. Loaded through `[rpcinterface:arb]`; runs inside supervisord, which
has one thread. Answers the XML-RPC method `arb.counts`.
"""

import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Final, TextIO

from supervisor import events

BACKOFF_S_MAX: Final = 15


class SpawnCounter:
    """Its public methods are XML-RPC methods."""

    def __init__(self) -> None:
        self._starts: Counter[str] = Counter()
        self._exits: Counter[str] = Counter()
        events.subscribe(events.ProcessStateStartingEvent, self._on_start)
        events.subscribe(events.ProcessStateExitedEvent, self._on_exit)
        events.subscribe(events.ProcessStateBackoffEvent, self._on_backoff)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return {program: {"starts": n, "exits": n}}; exits are those that nobody asked for."""
        return {name: {"starts": starts, "exits": self._exits[name]} for name, starts in self._starts.items()}

    def _on_start(self, event: Any) -> None:
        self._starts[event.process.config.name] += 1

    def _on_exit(self, event: Any) -> None:
        self._exits[event.process.config.name] += 1

    def _on_backoff(self, event: Any) -> None:
        self._exits[event.process.config.name] += 1
        event.process.backoff = min(event.process.backoff, BACKOFF_S_MAX)
        now = time.time()  # noqa: TID251 - supervisord compares `delay` with this clock
        event.process.delay = min(event.process.delay, now + BACKOFF_S_MAX)


class Forgiving:
    """A stream whose writes may be lost.

    Supervisord tells there what went wrong with a log, as on a full disk. What is raised by that would reach
    the reader of the program whose line it was, which then closes its pipe for good.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or drop it where the stream is closed or full."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def make_spawn_counter(_supervisord: Any, **_config: str) -> SpawnCounter:
    """Be the factory that supervisord calls once, at its start."""
    sys.stderr = Forgiving(sys.stderr)
    return SpawnCounter()
