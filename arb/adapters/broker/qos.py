"""Acknowledgements that cost no credit when they fail, and messages that outlive whoever held them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import redis
from kombu.log import get_logger
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from arb.adapters.broker import scripts

RENEWALS: Final = 6  # in each visibility timeout
OVERDUE_BATCH: Final = 100
AT_ONCE: Final = "RPUSH"  # consumers pop on the right
AT_LAST: Final = "LPUSH"
log = get_logger("arb.transport")


@dataclass(frozen=True, slots=True)
class Carried:
    """What a worker still owes the broker from connections that it lost: tags, by what to do with each.

    A tag is added from any thread and leaves in one step, so no lock is needed.
    """

    finished: set[str] = field(default_factory=set)  # done, and the acknowledgement did not get through
    returned: set[str] = field(default_factory=set)  # to be delivered again: nobody here will run them


class QoS(kombu_redis.QoS):  # type: ignore[misc]  # kombu ships no types
    """Holds what was taken, and keeps saying so for as long as it lives.

    Used by the consuming thread, except `ack` and `reject`, which only add to sets.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.carried = Carried()
        self._renewed_s = time.monotonic()

    def append(self, message: Any, delivery_tag: str) -> None:
        """Count a message against the credit; taking it has written it down already."""
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Forget a message for good: now, or with the next connection; the credit is free either way."""
        try:
            self.forget((delivery_tag,))
        except redis.RedisError as error:
            log.warning("Acknowledgement of %s waits: %s", delivery_tag, error)
            self.carried.finished.add(delivery_tag)
        finally:
            self._quick_ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Forget a message, or have it delivered again after all that waits."""
        if not requeue:
            self.ack(delivery_tag)
            return
        try:
            self.give_back((delivery_tag,), AT_LAST)
        except redis.RedisError as error:
            log.warning("Return of %s waits: %s", delivery_tag, error)
            self.carried.returned.add(delivery_tag)
        finally:
            self._quick_ack(delivery_tag)

    def held(self) -> list[str]:
        """Return the tags that were delivered and not settled."""
        return [tag for tag in tuple(self._delivered) if tag not in self._dirty]

    def drop(self) -> None:
        """Hold nothing any more: somebody else answers for it."""
        self._delivered.clear()
        self._dirty.clear()

    def restore_unacked(self, client: Any = None) -> list[Any]:
        """Give back everything on a clean end; where Redis is away, the visibility timeout does."""
        try:
            self.give_back(reversed(self.held()))  # the oldest last, to be the next
        except redis.RedisError as error:
            log.warning("%d messages return by their visibility timeout: %s", len(self.held()), error)
        self._delivered.clear()
        return []

    def restore_visible(self, start: int = 0, num: int | None = None, interval: int = 1) -> None:
        """Settle what is owed, renew what is held, and give back what the dead held."""
        self._settle()
        if time.monotonic() - self._renewed_s > self.visibility_timeout / RENEWALS:
            self._renew()
        self._give_back_overdue(num or OVERDUE_BATCH)

    def forget(self, tags: Iterable[str]) -> None:
        """Delete messages that are done; payload first, so that an interruption leaves no orphan."""
        gone = tuple(tags)
        with self.channel.conn_or_acquire() as client:
            pipe = client.pipeline(transaction=False)
            pipe.hdel(self.unacked_key, *gone).zrem(self.unacked_index_key, *gone).execute()

    def give_back(self, tags: Iterable[str], end: str = AT_ONCE) -> None:
        """Have messages delivered again, whoever holds them.

        One that nobody held a moment ago is done or waits already; whoever takes it now keeps it.
        """
        wanted = tuple(tags)
        if not wanted:
            return
        with self.channel.conn_or_acquire() as client:
            pipe = client.pipeline(transaction=False)
            for tag in wanted:
                pipe.hget(self.unacked_key, tag)
            found = pipe.execute()
        for tag, held in zip(wanted, found, strict=True):
            if held is not None:
                self._give_back_one(tag, held, end, "")

    def _settle(self) -> None:
        """Keep at the broker what was promised to lost connections."""
        if finished := tuple(self.carried.finished):
            self.forget(finished)
            self.carried.finished.difference_update(finished)
        if returned := tuple(self.carried.returned):
            self.give_back(returned)
            self.carried.returned.difference_update(returned)

    def _renew(self) -> None:
        if held := self.held():
            self.channel.script(scripts.HOLD, (self.unacked_index_key,), held)
        self._renewed_s = time.monotonic()

    def _give_back_overdue(self, count: int) -> None:
        keys = (self.unacked_key, self.unacked_index_key)
        ceiling, *found = self.channel.script(scripts.OVERDUE, keys, (self.visibility_timeout, count))
        for tag, held in zip(found[::2], found[1::2], strict=True):
            self._give_back_one(bytes_to_str(tag), held, AT_ONCE, bytes_to_str(ceiling))

    def _give_back_one(self, tag: str, held: bytes, end: str, ceiling: str) -> None:
        queues, text = self.channel.redelivery(loads(bytes_to_str(held)))
        keys = (self.unacked_key, self.unacked_index_key, *queues)
        self.channel.script(scripts.GIVE_BACK, keys, (tag, text, end, ceiling))


def redelivered(message: dict[str, Any]) -> str:
    """Return the text of a message that is delivered again, marked and counted as such."""
    headers = message.setdefault("headers", {})
    headers["redelivered"] = True
    headers["redeliveries"] = int(headers.get("redeliveries", 0)) + 1
    message["properties"].setdefault("delivery_info", {})["redelivered"] = True
    return str(dumps(message))
