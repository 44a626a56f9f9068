"""A Celery app with two brokers and one choke point: everything that enqueues passes `send_task`.

It covers delay, apply_async, signatures, retries, beat and `celery call`. A publish that timed out may
have arrived all the same: tasks are idempotent, so a second copy is harmless.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from amqp.exceptions import MessageNacked
from celery import Celery
from kombu.utils.uuid import uuid

from arb.adapters.broker.envelope import Envelopes
from arb.adapters.broker.gate import QUEUE_FULL, BrokerGate
from arb.adapters.broker.poison import DeadLetterHandler
from arb.adapters.broker.watch import AWAY, BrokerWatch
from arb.domain.errors import ConfigError, DispatchError
from arb.domain.health.breaker import BreakerState, Watermark
from arb.domain.health.dead_letter import DeadLetter
from arb.engine.market.buffered_counters import BufferedCounters
from arb.ports.market import Clock, Entropy, ReadyMessage
from arb.ports.messaging import Counters

REPORT_NS: Final = 1_000_000_000
BELONGS_TO_PRIMARY: Final = ("producer", "publisher", "connection", "router")


class ArbCelery(Celery):  # type: ignore[misc]  # Celery ships no types
    """Publishes to the primary broker, and to the fallback when the primary is full or does not answer."""

    task_cls = "arb.adapters.broker.poison:DeadLetterTask"

    def __init__(
        self,
        *args: Any,
        clock: Clock,
        entropy: Entropy,
        marks: Mapping[str, Watermark],
        counters: Callable[[], Counters],
        keep_dead_letter: Callable[[DeadLetter], None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.dead_letters = (
            DeadLetterHandler(keep_dead_letter, clock) if keep_dead_letter is not None else None
        )
        self._clock = clock
        self._counters = counters
        self._counted = BufferedCounters()
        self._reported_ns = 0
        self._fallback: Celery | None = None
        self.node = ""  # the worker's name, in a worker
        self._fallback_config: str | object = ""
        self._building = threading.Lock()
        self._queue_of: dict[str, str] = {}
        self._envelopes = Envelopes(self)
        self.gate = BrokerGate(marks=marks, clock=clock, entropy=entropy)
        self.watch = BrokerWatch(
            connect=self.connection_for_write,
            gate=self.gate,
            queues=tuple(marks),
            clock=clock,
            first=self._warm_up,
            after=self._report,
        )

    def fallback_from_object(self, source: str | object) -> None:
        """Name what configures the fallback broker; it is read when it is first needed."""
        self._fallback_config = source

    @property
    def fallback(self) -> Celery:
        """Return the app of the fallback broker; it shares this one's tasks."""
        with self._building:
            if self._fallback is None:
                app = Celery(f"{self.main}-fallback", tasks=self._tasks, include=self.conf.include or ())
                app.config_from_object(self._fallback_config)
                app.dead_letters = self.dead_letters
                self._fallback = app
            return self._fallback

    def send_task(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Publish one task, under one id on whichever broker takes it. Raises: DispatchError."""
        options["task_id"] = options.get("task_id") or uuid()
        self.watch.ask()
        reason = self.gate.diversion(self._queue(name, options))
        if not reason:
            try:
                result = self._publish(name, args, kwargs, options)
            except AWAY as error:
                reason = self.gate.failed(error)
            except MessageNacked:  # RabbitMQ answers, and its queue is full
                self.gate.succeeded()
                reason = QUEUE_FULL
            else:
                self.gate.succeeded()
                return result
        self._counted.count("dispatch_fallbacks", reason)
        return self._send_to_fallback(name, args, kwargs, **options)

    def _publish(self, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> Any:
        """Publish to the primary broker, in an envelope that is there where that is enough."""
        envelope = self._envelopes.of(name, args, kwargs, options)
        if envelope is None:
            return super().send_task(name, args, kwargs, **options)
        with self.pool.acquire(block=True) as connection, connection._reraise_as_library_errors():
            channel = connection.default_channel
            tag, now_ns = channel.next_delivery_tag(), self._clock.now_ns()
            text = envelope.text(self, args, options, tag, now_ns)
            channel.push(envelope.queue, envelope.priority, text)
        return self.AsyncResult(options["task_id"])

    def notice(self, name: str, args: Sequence[Any], **options: Any) -> ReadyMessage | None:
        """Return a message for whoever writes to the primary broker anyway, None where it has to be sent."""
        options["task_id"] = uuid()
        self.watch.ask()
        if self.gate.diversion(self._queue(name, options)):
            return None
        envelope = self._envelopes.of(name, args, None, options)
        if envelope is None or envelope.priority:
            return None
        prefix = self.conf.broker_transport_options.get("global_keyprefix", "")
        text = envelope.text(self, args, options, uuid(), self._clock.now_ns())
        return ReadyMessage(queue=f"{prefix}{envelope.queue.name}", text=text)

    def _send_to_fallback(self, name: str, *args: Any, **options: Any) -> Any:
        for option in BELONGS_TO_PRIMARY:
            options.pop(option, None)
        try:
            return self.fallback.send_task(name, *args, **options)
        except (*AWAY, ConfigError) as error:
            self._counted.count("dispatch_errors", "both_refused")
            raise DispatchError(f"neither broker took {name}: {error}") from error

    def _queue(self, name: str, options: Mapping[str, Any]) -> str:
        """Return the name of the queue that a task goes to."""
        chosen = options.get("queue")
        if chosen is not None:
            return str(getattr(chosen, "name", chosen))
        if name not in self._queue_of:
            route = self.amqp.router.route({}, name)
            queue = route.get("queue")
            self._queue_of[name] = str(getattr(queue, "alias", None) or getattr(queue, "name", ""))
        return self._queue_of[name]

    def _warm_up(self) -> None:
        """Connect to the fallback before it is needed: its first publish takes a third of a second."""
        try:
            with (
                self.fallback.producer_or_acquire() as producer,
                producer.connection._reraise_as_library_errors(),
            ):
                for queue in self.fallback.amqp.queues.values():
                    producer.maybe_declare(queue)
        except (*AWAY, ConfigError) as error:
            self._counted.count("dispatch_warm_ups", type(error).__name__.lower())

    def _report(self) -> None:
        """Hand the counts over once a second, and never to a Redis that is away."""
        now_ns = self._clock.steady_ns()
        if self.gate.state is BreakerState.CLOSED and now_ns - self._reported_ns > REPORT_NS:
            self._counted.report(self._counters())
            self._reported_ns = now_ns
