"""Workers that are back within half a second, and that forget nothing about what they held."""

import warnings
from collections.abc import Callable
from typing import Any, Final

from celery.exceptions import CPendingDeprecationWarning
from celery.utils.log import get_logger
from celery.worker import state
from celery.worker.consumer import Consumer

from arb.adapters.broker.poison import DeadLetterHandler, came_too_often
from arb.adapters.broker.qos import Carried, QoS
from arb.domain.health.dead_letter import DeadLetterReason, error_text

FIRST_S: Final = 0.05
STEP_S: Final = 0.05
LONGEST_S: Final = 0.5
log = get_logger("arb.transport")


class DeadLetterConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Celery's consumer, which buries what it would drop, and what came so often that it kills workers."""

    @property
    def dead_letters(self) -> DeadLetterHandler | None:
        """Return who takes messages that are given up; None in an app that has nobody."""
        return getattr(self.app, "dead_letters", None)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        """Return what is called with each message."""
        receive = super().create_task_handler(*args, **kwargs)

        def received(message: Any) -> Any:
            if self.dead_letters is not None and came_too_often(message):
                why = "whoever took it did not come to an end with it"
                return self.dead_letters.reject(message, DeadLetterReason.REDELIVERED, why)
            return receive(message)

        return received

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Keep what is no task message as a dead letter."""
        if self.dead_letters is None:
            super().on_unknown_message(body, message)
        else:
            self.dead_letters.reject(message, DeadLetterReason.UNREADABLE, "this is no task message")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Keep a task that nobody registered here as a dead letter."""
        if self.dead_letters is None:
            super().on_unknown_task(body, message, exc)
        else:
            why = f"no task of this name is known here: {message.headers.get('task')}"
            self.dead_letters.reject(message, DeadLetterReason.UNREADABLE, why)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Keep a task message that breaks the protocol as a dead letter."""
        if self.dead_letters is None:
            super().on_invalid_task(body, message, exc)
        else:
            self.dead_letters.reject(message, DeadLetterReason.UNREADABLE, error_text(exc))

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Keep a message whose body cannot be read as a dead letter."""
        if self.dead_letters is None:
            super().on_decode_error(message, exc)
        else:
            self.dead_letters.reject(message, DeadLetterReason.UNREADABLE, error_text(exc))


class ReconnectingConsumer(DeadLetterConsumer):
    """Celery's consumer, which waits 2 to 30 s between attempts, with 0.05 to 0.5 s."""

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, for as long as it takes."""
        if not self.app.conf.broker_connection_retry:
            return super().ensure_connected(conn)
        conn.ensure_connection(
            self._say,
            self.app.conf.broker_connection_max_retries,
            interval_start=FIRST_S,
            interval_step=STEP_S,
            interval_max=LONGEST_S,
            callback=state.maybe_shutdown,
        )
        self.first_connection_attempt = False
        self.broker_connection_retry_attempt = 0
        return conn

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Let go of a lost connection, without Celery's paragraph on a setting that we have chosen."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)

    def _say(self, error: Exception, interval_s: float) -> None:
        """Log the first attempt, then with every doubling: an outage must not fill the disk."""
        self.broker_connection_retry_attempt += 1
        attempt = self.broker_connection_retry_attempt
        if attempt & (attempt - 1) == 0:
            log.error("Broker away, attempt %d: %s", attempt, error)


class HardenedConsumer(ReconnectingConsumer):
    """Carries acknowledgements and returns from a lost connection to the next."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._carried = Carried()
        super().__init__(*args, **kwargs)

    def connect(self) -> Any:
        """Connect, and pass on what is owed; the next look at the held messages settles it."""
        conn = super().connect()
        qos = conn.default_channel.qos
        if isinstance(qos, QoS):
            qos.carried = self._carried
            qos.restore_visible()
        return conn

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Keep what runs, note for return what will not run here, then let go of the connection.

        A message whose task runs is acknowledged when that ends, by the next connection. Giving it back
        now, as Celery does, would run it twice.
        """
        qos = self.task_consumer.channel.qos if self.task_consumer else None
        if isinstance(qos, QoS):
            running = {
                request.message.delivery_tag
                for request in (*tuple(state.active_requests), *tuple(state.reserved_requests))
            }
            self._carried.returned.update(tag for tag in qos.held() if tag not in running)
            qos.drop()
        super().on_connection_error_after_connected(exc)
