"""Celery's own scheduler, made to start while the primary broker is away."""

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):  # type: ignore[misc]
    """Publishes through the dispatcher alone.

    The stock scheduler opens a broker connection of its own first and waits for it without end; ours
    hands every entry to `Celery.send_task`, which knows a second broker.
    """

    @property
    def producer(self) -> None:
        """Return no producer: `send_task` brings its own."""
        return
