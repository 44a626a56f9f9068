"""A plug-in of supervisord: counts starts and exits, and puts a ceiling on its backoff.

Supervisor itself forgets how often it restarted a program, and waits one second more after each
failed start, without a limit. Loaded through `[rpcinterface:arb]`; runs inside supervisord, which
has one thread. Answers the XML-RPC method `arb.counts`.
"""

import time
from collections import Counter
from typing import Any, Final

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


def make_spawn_counter(_supervisord: Any, **_config: str) -> SpawnCounter:
    """Be the factory that supervisord calls once, at its start."""
    return SpawnCounter()
