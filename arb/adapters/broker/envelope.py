"""Messages of tasks of which what never changes is made once.

Celery makes each message from nothing: it routes the name, copies the queue and asks for every option. That
takes several times as long as Redis takes for it. Here Celery makes the first message of each task, to a
queue in memory; a later one is the same with an id, arguments and times of its own. Whatever asks for more
than that goes Celery's own way.
"""

import os
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from queue import Queue as Waiting
from typing import Any, Final

import orjson
from celery import Celery, signals
from celery.utils.saferepr import saferepr
from kombu import Connection, Queue
from kombu.transport import memory
from kombu.utils.json import dumps

from arb.domain.time import NS_PER_S

OPTIONS: Final = frozenset({"task_id", "countdown", "expires"})
SHORT: Final = 60  # characters of arguments of which Celery leaves nothing out
EMBED: Final[Mapping[str, None]] = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))


class _PrivateChannel(memory.Channel):  # type: ignore[misc]
    """A channel whose queues are nobody else's."""

    queues: dict[str, "Waiting[Any]"] = {}


class _PrivateTransport(memory.Transport):  # type: ignore[misc]
    Channel = _PrivateChannel


class Envelope:
    """What all messages of one task share."""

    def __init__(self, queue: Queue, first: Mapping[str, Any]) -> None:
        self.queue = queue
        self.priority: int = first["properties"]["priority"]
        self._rest = {name: value for name, value in first.items() if name != "body"}
        self._headers: Mapping[str, Any] = first["headers"]
        self._properties: Mapping[str, Any] = first["properties"]

    def text(
        self, app: Celery, args: Sequence[Any], options: Mapping[str, Any], delivery_tag: str, now_ns: int
    ) -> bytes:
        """Return one message as the broker keeps it."""
        number, parent = options["task_id"], app.current_worker_task
        headers: dict[str, Any] = {
            **self._headers,
            "id": number,
            "root_id": (parent.request.root_id or parent.request.id) if parent else number,
            "parent_id": parent.request.id if parent else None,
            "argsrepr": _shown(app, args),
        }
        properties: dict[str, Any] = {
            **self._properties,
            "correlation_id": number,
            "reply_to": app.thread_oid,
            "delivery_tag": delivery_tag,
        }
        countdown_s, expires_s = options.get("countdown"), options.get("expires")
        if countdown_s:
            headers["eta"] = _after(now_ns, countdown_s)
        if expires_s is not None:
            headers["expires"] = _after(now_ns, expires_s)
            properties["expiration"] = str(int(expires_s * 1000))
        body = b64encode(dumps((args, {}, EMBED)).encode()).decode()
        return orjson.dumps({**self._rest, "body": body, "headers": headers, "properties": properties})


class Envelopes:
    """The envelopes of one app's tasks, each made when it is first wanted. Safe between threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._known: dict[tuple[str, int], Envelope | None] = {}
        self._making = threading.Lock()

    def of(self, name: str, args: Any, kwargs: Any, options: Mapping[str, Any]) -> Envelope | None:
        """Return the envelope of a message, None where Celery has to make it."""
        if kwargs or not isinstance(args, list | tuple) or not _are_plain(options) or _is_heard():
            return None
        key = (name, os.getpid())  # a message says which process it is from
        if key not in self._known:
            with self._making:
                self._known[key] = self._made(name)
        return self._known[key]

    def _made(self, name: str) -> Envelope | None:
        """Have Celery make a message, and keep what it is in; None if any has times or a kind of its own."""
        conf = self._app.conf
        if conf.task_send_sent_event or conf.task_always_eager or conf.task_inherit_parent_priority:
            return None
        transport = self._app.connection_for_write().get_transport_cls()
        if not hasattr(getattr(transport, "Channel", None), "push"):
            return None  # a broker that takes messages in another form
        with Connection(transport=_PrivateTransport) as connection:
            Celery.send_task(self._app, name, (), connection=connection, add_to_parent=False)
            (first,) = (found for waiting in _PrivateChannel.queues.values() for found in waiting.queue)
            _PrivateChannel.queues.clear()
        queue = self._app.amqp.queues.get(first["properties"]["delivery_info"]["routing_key"])
        has_times = first["headers"]["eta"] is not None or first["headers"]["expires"] is not None
        is_json = first["content-type"] == "application/json" and "compression" not in first["headers"]
        return None if queue is None or has_times or not is_json else Envelope(queue, first)


def _are_plain(options: Mapping[str, Any]) -> bool:
    """Tell whether a message is asked for with at most a countdown and an expiry in seconds."""
    times = (options.get("countdown"), options.get("expires"))
    return options.keys() <= OPTIONS and all(
        each is None or (isinstance(each, int | float) and each >= 0) for each in times
    )


def _is_heard() -> bool:
    """Tell whether somebody listens to what Celery tells of each publish, as tracing does."""
    told = (signals.before_task_publish, signals.after_task_publish, signals.task_sent)
    return any(signal.receivers for signal in told)


def _after(now_ns: int, seconds: float) -> str:
    return datetime.fromtimestamp(now_ns / NS_PER_S + seconds, UTC).isoformat()


def _shown(app: Celery, args: Sequence[Any]) -> str:
    """Return the arguments for people, as Celery shows them: which is slow, and differs for few."""
    text = repr(args)
    if len(text) <= SHORT and not set('"\\') & set(text):
        return text
    return str(saferepr(args, app.amqp.argsrepr_maxsize, maxlevels=app.conf.task_repr_maxlevels))
