"""A Celery app with two brokers and one choke point: everything that enqueues passes `send_task`.

It covers delay, apply_async, signatures, retries, beat and `celery call`. A publish that timed out may
have arrived all the same: tasks are idempotent, so a second copy is harmless.
"""

from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError
from kombu.utils.uuid import uuid

from arb.domain.errors import DispatchError
from arb.ports import Clock

PRIMARY_RETRY_NS: Final = 1_000_000_000  # a primary that refused is not asked again for this long


class ArbCelery(Celery):  # type: ignore[misc]  # Celery ships no types
    """Publishes to the primary broker, and to the fallback when the primary refuses."""

    task_cls = "arb.adapters.transport.task:Task"

    def __init__(self, *args: Any, clock: Clock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock
        self._primary_away_until_ns = 0
        self._fallback: Celery | None = None
        self._fallback_config = ""

    def fallback_from_object(self, name: str) -> None:
        """Name the module that configures the fallback broker; read when it is first needed."""
        self._fallback_config = name

    @property
    def fallback(self) -> Celery:
        """Return the app of the fallback broker; it shares this one's tasks."""
        if self._fallback is None:
            app = Celery(f"{self.main}-fallback", tasks=self._tasks, include=self.conf.include or ())
            app.config_from_object(self._fallback_config)
            self._fallback = app
        return self._fallback

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Publish one task, under one id on whichever broker takes it. Raises: DispatchError."""
        options["task_id"] = options.get("task_id") or uuid()
        if self._clock.now_ns() >= self._primary_away_until_ns:
            try:
                return super().send_task(name, *args, **options)
            except (OperationalError, OSError):
                self._primary_away_until_ns = self._clock.now_ns() + PRIMARY_RETRY_NS
        for belongs_to_primary in ("producer", "publisher", "connection", "router"):
            options.pop(belongs_to_primary, None)
        try:
            return self.fallback.send_task(name, *args, **options)
        except (OperationalError, OSError) as error:
            raise DispatchError(f"neither broker took {name}: {error}") from error
