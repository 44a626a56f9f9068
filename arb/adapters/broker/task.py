"""A task whose retry is never dropped."""

from typing import Any

from celery.app.task import Task as CeleryTask
from celery.exceptions import Reject


class Task(CeleryTask):  # type: ignore[misc]  # Celery ships no types
    """Celery's task; where the retry could not be published, the message goes back to its queue.

    Celery rejects it without requeueing, which drops the work.
    """

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """Retry. Raises: Retry, Reject."""
        try:
            return super().retry(*args, **kwargs)
        except Reject as refused:
            raise Reject(refused.reason, requeue=True) from refused
