"""Messages that are given up: a task that fails for good, one that came too often, one that nobody can read.

Each is kept (`engine.health.dead_letters`) before the broker forgets it. Where no store takes it, the broker
does not forget it either: it is delivered again, after a pause.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from celery.app.task import Task as CeleryTask
from celery.exceptions import Reject, TaskPredicate
from kombu.transport import virtual

from arb.adapters.redis.dead_letters import letter_of_text
from arb.domain.errors import StoreUnavailable
from arb.domain.health.dead_letter import DELIVERIES_MAX, DeadLetter, DeadLetterReason, error_text, is_poison
from arb.ports.market import Clock

PAUSE_MS: Final = 1_000  # before a message that could not be kept comes again: it must not spin
log = structlog.get_logger("arb.transport")


class DeadLetterHandler:
    """What the tasks and consumers of an app need to give a message up."""

    def __init__(self, keep: Callable[[DeadLetter], None], clock: Clock) -> None:
        self._keep, self._clock = keep, clock

    def keep(self, letter: DeadLetter) -> bool:
        """Bury a letter; tell whether it is safe."""
        try:
            self._keep(letter)
        except StoreUnavailable as error:
            log.error("letter_not_buried", task=letter.task, queue=letter.queue, why=str(error))
            return False
        log.error(
            "message_given_up",
            reason=letter.reason.value,
            queue=letter.queue,
            task=letter.task,
            task_id=letter.task_id,
            why=letter.error,
        )
        return True

    def failed(self, task: CeleryTask, error: Exception) -> None:
        """Bury a task that ended with an error that is not an outage's. Raises: Reject if it cannot be."""
        request = task.request
        letter = DeadLetter(
            reason=DeadLetterReason.FAILED,
            queue=str((request.delivery_info or {}).get("routing_key") or ""),
            error=error_text(error),
            at_ns=self._clock.now_ns(),
            task=task.name,
            task_id=str(request.id),
            args=list(request.args or ()),
            kwargs=dict(request.kwargs or {}),
        )
        if not self.keep(letter):
            self._clock.sleep_ms(PAUSE_MS)
            raise Reject(error, requeue=True) from error

    def reject(self, message: Any, reason: DeadLetterReason, why: str) -> None:
        """Bury a message as it came, and settle it; else let go of it, and its broker delivers it again."""
        if self.keep(self._letter(message, reason, why)):
            message.reject()
        elif isinstance(message.channel, virtual.Channel):
            # Not settled, and held no longer: it comes again after the visibility timeout.
            virtual.QoS.ack(message.channel.qos, message.delivery_tag)
        else:  # RabbitMQ has no such timeout
            self._clock.sleep_ms(PAUSE_MS)
            message.requeue()

    def _letter(self, message: Any, reason: DeadLetterReason, why: str) -> DeadLetter:
        queue = str((message.delivery_info or {}).get("routing_key") or "")
        headers = message.headers if isinstance(message.headers, dict) else {}
        args, kwargs = _arguments(message)
        if "task" not in headers or args is None:
            text = message.body if isinstance(message.body, bytes) else str(message.body).encode()
            return letter_of_text(queue, text, why, self._clock.now_ns())
        return DeadLetter(
            reason=reason,
            queue=queue,
            error=why,
            at_ns=self._clock.now_ns(),
            task=str(headers["task"]),
            task_id=str(headers.get("id", "")),
            args=args,
            kwargs=kwargs,
            failures=max(1, deliveries(message)),
        )


class Task(CeleryTask):  # type: ignore[misc]  # Celery ships no types
    """Celery's task; where the retry could not be published, the message goes back to its queue.

    Celery rejects it without requeueing, which drops the work.
    """

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task again later. Raises: Retry if a broker took it, Reject (with requeue) if none did."""
        try:
            return super().retry(*args, **kwargs)
        except Reject as refused:
            raise Reject(refused.reason, requeue=True) from refused


class DeadLetterTask(Task):
    """Our task, whose final failure is a dead letter."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run. Raises: what the task raises; Reject if it failed and could not be kept."""
        dead_letters = getattr(self.app, "dead_letters", None)
        if dead_letters is None or self.request.called_directly:
            return super().__call__(*args, **kwargs)
        try:
            return self.run(*args, **kwargs)
        except TaskPredicate:
            raise
        except Exception as error:
            if is_poison(error):
                dead_letters.failed(self, error)
            raise


def deliveries(message: Any) -> int:
    """Return how often a message was delivered before, as far as its broker counts."""
    headers = message.headers if isinstance(message.headers, dict) else {}
    pgmq = (message.delivery_info or {}).get("pgmq_message") or {}
    counts = (headers.get("redeliveries"), headers.get("x-delivery-count"), pgmq.get("read_ct", 1) - 1)
    return max(int(count or 0) for count in counts)


def came_too_often(message: Any) -> bool:
    """Tell whether whoever runs this message does not survive it."""
    return deliveries(message) >= DELIVERIES_MAX


def _arguments(message: Any) -> tuple[list[Any] | None, dict[str, Any]]:
    """Return what a message's task would be called with; None if that cannot be read."""
    try:
        args, kwargs, _ = message.decode()
        return list(args), dict(kwargs)
    except Exception:  # noqa: BLE001 - a message that cannot be read may fail in any way
        return None, {}
