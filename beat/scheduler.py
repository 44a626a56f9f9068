"""Celery's own scheduler, made to start while the primary broker is away, and to need no disk."""

from celery import beat


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Publishes through the dispatcher alone, and keeps its schedule in memory.

    The stock scheduler opens a broker connection of its own first and waits for it without end; ours
    hands every entry to `Celery.send_task`, which knows a second broker. When an entry ran last is not worth
    a file, whose disk may be full: what must not be done twice has its slot in SQL.
    """

    @property
    def producer(self) -> None:
        """Return no producer: `send_task` brings its own."""
        return
