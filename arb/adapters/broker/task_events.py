"""Celery's events of work that was done without a message, so that Flower shows it among the tasks.

They are sent by a thread that nobody waits for, what comes within a moment in one message. While the broker
is away they are dropped: Flower is a view, and the log and the rows say the same.
"""

from collections import deque
from contextlib import suppress
from typing import Any, Final

from kombu.utils.uuid import uuid

from arb.adapters.broker.celery_app import ArbCelery
from arb.adapters.broker.watch import AWAY
from arb.adapters.local.background import Background
from arb.domain.time import NS_PER_S
from arb.ports.messaging import Done

KEPT_MAX: Final = 1_000  # of pieces of work that nobody was told of yet
MOMENT_S: Final = 0.1
GROUP: Final = frozenset({"task"})


class TaskEvents:
    """Tells of work as a worker tells of a task: received, started, and how it ended."""

    def __init__(self, app: ArbCelery) -> None:
        self._app = app
        self._waiting: deque[Done] = deque(maxlen=KEPT_MAX)
        self._later = Background("task-events", self.flush, MOMENT_S)
        self._connection: Any = None

    def tell(self, done: Done) -> None:
        """Have it told of; returns at once."""
        self._waiting.append(done)
        self._later.ask()

    def flush(self) -> None:
        """Send what waits; what cannot be sent is gone."""
        try:
            self._send([self._waiting.popleft() for _ in range(len(self._waiting))])
        except AWAY:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(*AWAY):
                    connection.collect()

    def _send(self, pieces: list[Done]) -> None:
        if self._connection is None:
            self._connection = self._app.connection_for_write()
        events = self._app.events.Dispatcher(
            self._connection,
            hostname=self._app.node or None,
            buffer_while_offline=False,
            buffer_group=GROUP,
            buffer_limit=KEPT_MAX * 3 + 1,
        )
        for done in pieces:
            _note(events, done)
        events.flush()


def _note(events: Any, done: Done) -> None:
    """Keep the three events of one piece of work for the next message."""
    number, began_s = uuid(), done.began_ns / NS_PER_S
    arguments = repr((done.argument,))
    named = {"name": done.task, "args": arguments, "kwargs": "{}", "retries": 0, "root_id": number}
    events.send("task-received", uuid=number, timestamp=began_s, **named)
    events.send("task-started", uuid=number, timestamp=began_s)
    took_s = done.took_ns / NS_PER_S
    if done.error:
        why = {"exception": done.error, "traceback": ""}
        events.send("task-failed", uuid=number, timestamp=began_s + took_s, **why)
    else:
        events.send("task-succeeded", uuid=number, timestamp=began_s + took_s, runtime=took_s, result="None")
