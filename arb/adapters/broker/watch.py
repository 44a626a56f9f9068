"""One thread in each publishing process that looks at the primary, so that no publish has to.

While the breaker is closed it measures the queues, at most every 100 ms and only when something was
published since or is diverted. While it is open it sends the canaries: no publish ever pays for one.
"""

import os
import threading
from collections.abc import Callable
from typing import Any, Final

import redis
import structlog
from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from arb.adapters.broker.gate import BrokerGate
from arb.domain.health.breaker import BreakerState
from arb.ports.market import Clock

LOOK_MS: Final = 100
WARM_UP_AFTER_MS: Final = 3_000  # a process that starts has more urgent things to do
MEMORY_EVERY: Final = 10  # looks
CANARY_QUEUE: Final = "canary"
# What kombu and its transports raise while a broker is away, or takes nothing.
AWAY: Final = (OperationalError, redis.RedisError, OSError, AMQPError)
log = structlog.get_logger()


class BrokerWatch:
    """Looks at one broker and tells the gate.

    `first` is run once beside it, a while after the first publish, `after` in its thread after every look.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Any],
        gate: BrokerGate,
        queues: tuple[str, ...],
        clock: Clock,
        first: Callable[[], None],
        after: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._gate = gate
        self._queues = queues
        self._clock = clock
        self._first = first
        self._after = after
        self._asked = threading.Event()
        self._starting = threading.Lock()
        self._pid = 0
        self._thread: threading.Thread | None = None
        self._looks = 0
        self._connection: Any = None

    def ask(self) -> None:
        """Have the broker looked at soon. A forked child starts a thread of its own."""
        self._asked.set()
        if self._runs_here():
            return
        with self._starting:
            if not self._runs_here():
                self._pid = os.getpid()
                self._connection = None
                threading.Thread(target=self._warm_up, name="broker-warm-up", daemon=True).start()
                self._thread = threading.Thread(target=self._run, name="broker-watch", daemon=True)
                self._thread.start()

    def _runs_here(self) -> bool:
        return self._thread is not None and self._pid == os.getpid() and self._thread.is_alive()

    def look(self) -> None:
        """Measure the primary broker once, or try it again with a canary, and tell the gate."""
        before = self._gate.state
        try:
            if before is BreakerState.CLOSED:
                self._measure()
            elif self._gate.canary_due():
                self._send_canary()
                self._gate.succeeded()
        except AWAY as error:
            self._gate.failed(error)
            self._forget()
        if self._gate.state is not before:
            log.warning("breaker_changed", before=before, after=self._gate.state)

    def _warm_up(self) -> None:
        self._clock.sleep_ms(WARM_UP_AFTER_MS)
        self._first()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            self.look()
            self._after()
            self._clock.sleep_ms(LOOK_MS)
            if self._gate.troubled:
                self._asked.set()

    def _channel(self) -> Any:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection.default_channel

    def _measure(self) -> None:
        channel = self._channel()
        if not hasattr(channel, "lengths"):
            return  # a broker of another kind has no queues that we could measure
        self._gate.measured(channel.lengths(self._queues))
        if self._gate.memory_high or self._looks % MEMORY_EVERY == 0:
            self._gate.measured_memory(channel.memory_used())
        self._looks += 1

    def _send_canary(self) -> None:
        """Publish one message as every publish is, and take it away again."""
        channel = self._channel()
        channel.queue_declare(CANARY_QUEUE, durable=True, auto_delete=False)
        with self._connection.Producer(channel) as producer:
            producer.publish({}, routing_key=CANARY_QUEUE, retry=False)
        channel.queue_purge(CANARY_QUEUE)

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect()
