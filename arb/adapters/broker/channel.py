"""A channel that takes a message and writes down who holds it in one step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from queue import Empty
from typing import Any, Final

import redis
from kombu import Queue
from kombu.common import maybe_declare
from kombu.log import get_logger
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from arb.adapters.broker import scripts
from arb.adapters.broker.qos import QoS, redelivered
from arb.adapters.broker.wake import Wake

TAKEN_AT_ONCE_MAX: Final = 100  # then the event loop gets its turn
log = get_logger("arb.transport")


class RedisChannel(kombu_redis.Channel):  # type: ignore[misc]
    """kombu's channel with atomic take, queues in the order they were given, and a close that cannot fail."""

    QoS = QoS
    publish_timeout = 0.2  # seconds: what a publish to a server that hangs may cost
    from_transport_options = (*kombu_redis.Channel.from_transport_options, "publish_timeout")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._wakes: dict[str, Wake] = {}
        self._no_ack: set[str] = set()
        self._scripts: dict[str, Any] = {}
        self._declared: set[str] = set()
        super().__init__(*args, **kwargs)

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """Yield the one client for all commands. Raises: redis.ConnectionError."""
        if not self.alive:
            raise redis.ConnectionError("the channel is closed")
        yield client or self._commands

    @cached_property
    def _commands(self) -> Any:
        return self._create_client()

    def script(self, text: str, keys: Sequence[str], arguments: Sequence[Any] = ()) -> Any:
        """Run one of `scripts`. kombu's client prefixes the first key only; the others are done here."""
        if text not in self._scripts:
            self._scripts[text] = self._create_client().register_script(text)
        rest = (self.global_keyprefix + key for key in keys[1:])
        with self.conn_or_acquire() as client:
            return self._scripts[text](keys=[keys[0], *rest], args=arguments, client=client)

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        """Begin to consume a queue."""
        if no_ack:
            self._no_ack.add(queue)
        return super().basic_consume(queue, no_ack, *args, **kwargs)

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Return one message, or None."""
        message = super().basic_get(queue, no_ack=no_ack, **kwargs)
        if message is not None and no_ack:
            self.qos.forget((message.delivery_tag,))
        return message

    def lengths(self, queues: Sequence[str]) -> dict[str, int]:
        """Return how many messages wait in each queue, in one round trip."""
        with self.conn_or_acquire() as client:
            pipe = client.pipeline(transaction=False)
            for key in self._keys(queues):
                pipe.llen(key)
            found = pipe.execute()
        return {queue: sum(found[place :: len(queues)]) for place, queue in enumerate(queues)}

    def memory_used(self) -> float:
        """Return the fraction of `maxmemory` that is used; 0 if there is no such limit."""
        with self.conn_or_acquire() as client:
            facts = client.info("memory")
        return float(facts["used_memory"] / facts["maxmemory"]) if facts.get("maxmemory") else 0.0

    def wakes(self) -> Iterator[Wake]:
        """Return the wake of each queue key that is consumed."""
        for key in self._keys(self.active_queues):
            if key not in self._wakes:
                client = self._create_client(asynchronous=True)
                self._wakes[key] = Wake(client, self.global_keyprefix + key, self.brpop_timeout or 0)
                self.handlers[self._wakes[key].kind] = partial(self._woken, self._wakes[key])
            yield self._wakes[key]

    def _basic_cancel(self, consumer_tag: str) -> Any:
        """End a consumer, and the wakes that no other consumer needs: each holds a connection of the pool."""
        cancelled = super()._basic_cancel(consumer_tag)
        needed = set(self._keys(self.active_queues))
        for key in [key for key in self._wakes if key not in needed]:
            wake = self._wakes.pop(key)
            self.handlers.pop(wake.kind, None)
            self.connection.cycle.forget(self, wake)
            wake.release()
        return cancelled

    def drop_silent_wakes(self) -> None:
        """Disconnect each wake that a live server would have answered by now."""
        for wake in self._wakes.values():
            if self.health_check_interval and wake.overdue(self.brpop_timeout + self.health_check_interval):
                log.warning("No answer for %s: reconnecting", wake.kind)
                wake.client.connection.disconnect()

    def redelivery(self, held: list[Any]) -> tuple[list[str], str]:
        """Return the queue keys and the text with which something held is delivered again."""
        message, exchange, routing_key = held
        priority = self._get_message_priority(message, reverse=False)
        queues = self._lookup(exchange, routing_key) or [routing_key]
        return [self._q_for_pri(queue, priority) for queue in queues], redelivered(message)

    def _woken(self, wake: Wake) -> bool:
        """Take from all queues until they are empty or the credit is used up. Raises: Empty."""
        taken = 0
        if wake.answer():
            while taken < TAKEN_AT_ONCE_MAX and self.qos.can_consume() and self._deliver_one():
                taken += 1
        if not taken:
            raise Empty
        wake.found()
        return True

    def _deliver_one(self) -> bool:
        queues = self.active_queues
        taken = self._take(queues)
        if taken is None:
            return False
        queue, message = taken
        if queue in self._no_ack:
            self.qos.forget((message["properties"]["delivery_tag"],))
        self.connection._deliver(message, queue)
        return True

    def _take(self, queues: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
        """Move the most urgent message to what we hold, and return it with its queue."""
        keys = (self.unacked_key, self.unacked_index_key, *self._keys(queues))
        found = self.script(scripts.TAKE, keys)
        if found is None:
            return None
        place, text = found
        return queues[place % len(queues)], loads(bytes_to_str(text))

    def _get(self, queue: str) -> dict[str, Any]:
        """Return one message of a queue. Raises: Empty."""
        taken = self._take((queue,))
        with self.conn_or_acquire() as client:
            self._maybe_update_queues_expire(client, queue)
        if taken is None:
            raise Empty
        return taken[1]

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        """Publish on the connection whose timeouts are short: a publisher has somewhere else to go."""
        if "_publish_batch" in kwargs or queue in self._expires:
            super()._put(queue, message, **kwargs)
            return
        key = self._q_for_pri(queue, self._get_message_priority(message, reverse=False))
        self.client.lpush(key, dumps(message))

    def push(self, queue: Queue, priority: int, text: bytes) -> None:
        """Publish a message that is made already."""
        if queue.name not in self._declared:
            maybe_declare(queue, self)
            self._declared.add(queue.name)
        step = self._get_message_priority({"properties": {"priority": priority}}, reverse=False)
        self.client.lpush(self._q_for_pri(queue.name, step), text)

    def next_delivery_tag(self) -> str:
        """Return what this message and no other one is held by."""
        return str(self._next_delivery_tag())

    def _queue_bind(self, *args: Any) -> None:
        """Write a binding down, unless Redis is full: what we use is delivered without it."""
        try:
            super()._queue_bind(*args)
        except redis.OutOfMemoryError as error:
            log.warning("Binding not written: %s", error)

    def _keys(self, queues: Sequence[str]) -> list[str]:
        return [self._q_for_pri(queue, step) for step in self.priority_steps for queue in queues]

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        if asynchronous:
            parameters["socket_timeout"] = self.publish_timeout
        return parameters

    def _on_connection_disconnect(self, connection: Any) -> None:
        for wake in self._wakes.values():
            wake.lost(connection)
        super()._on_connection_disconnect(connection)

    def _poll_error(self, type: str, **options: Any) -> None:
        self.handlers[type]()

    def _disconnect_pools(self) -> None:
        super()._disconnect_pools()
        self.__dict__.pop("_commands", None)

    def close(self) -> None:
        """Close, whatever state the connection is in."""
        if self._qos is not None and self.alive:
            self._qos.restore_unacked_once()
        for wake in self._wakes.values():
            wake.close()
        self._wakes.clear()
        try:
            super().close()
        except self.connection_errors as error:
            log.warning("Channel closed without its server: %s", error)
            self._disconnect_pools()
            virtual.Channel.close(self)

    @property
    def alive(self) -> bool:
        """Tell whether there is a connection behind this channel."""
        return self.connection is not None and self.connection.client is not None
