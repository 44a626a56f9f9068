"""`arb.ports.messaging.DeadLetterBuffer` on lists.

`{broker_prefix}{queue}.unreadable`, beside its queue: what the transport could not read, as it came.
`arbitrage:dead_letters:{env}`: letters that PostgreSQL could not take, as JSON.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, cast

import redis

from arb.adapters.redis.client import reaching
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason

UNREADABLE: Final = ".unreadable"
NO_MESSAGE: Final = "this is no message"
Token = tuple[str, bytes]


class RedisDeadLetterBuffer:
    """The lists of one group on one Redis."""

    def __init__(self, client: redis.Redis, *, broker_prefix: str, scope: str) -> None:
        self._client, self._broker_prefix = client, broker_prefix
        self._letters = f"arbitrage:dead_letters:{scope}"

    def put(self, letter: DeadLetter) -> None:
        with reaching():
            self._client.lpush(self._letters, json.dumps(asdict(letter), default=str))

    def waiting(self, queues: Sequence[str], now_ns: int, limit: int) -> Sequence[tuple[Token, DeadLetter]]:
        found = [((self._letters, text), _letter(text)) for text in self._oldest(self._letters, limit)]
        for queue in queues:
            key = f"{self._broker_prefix}{queue}{UNREADABLE}"
            for text in self._oldest(key, limit):
                found.append(((key, text), letter_of_text(queue, text, NO_MESSAGE, now_ns)))
        return found[:limit]

    def remove(self, token: Token) -> None:
        key, text = token
        with reaching():
            self._client.lrem(key, -1, cast(str, text))

    def _oldest(self, key: str, limit: int) -> list[bytes]:
        with reaching():
            return cast(list[bytes], self._client.lrange(key, -limit, -1))[::-1]


def _letter(text: bytes) -> DeadLetter:
    fields = json.loads(text)
    return DeadLetter(**{**fields, "reason": DeadLetterReason(fields["reason"])})


def letter_of_text(queue: str, text: bytes, error: str, now_ns: int) -> DeadLetter:
    """Return the letter of a message that nobody could run; its task is named where that can be read."""
    task, task_id, args, kwargs = _contents(text)
    return DeadLetter(
        reason=DeadLetterReason.UNREADABLE,
        queue=queue,
        error=error,
        at_ns=now_ns,
        task=task,
        task_id=task_id,
        args=args,
        kwargs=kwargs,
        text="" if task else _readable(text),
    )


def _readable(text: bytes) -> str:
    """Return bytes as text that any store takes."""
    return text.decode(errors="backslashreplace").replace("\x00", "\\x00")


def _contents(text: bytes) -> tuple[str, str, list[Any], dict[str, Any]]:
    """Return task, id and arguments of one of Celery's messages; empty where it is none."""
    try:
        message = json.loads(text)
        body = json.loads(base64.b64decode(message["body"]))
        return str(message["headers"]["task"]), str(message["headers"]["id"]), list(body[0]), dict(body[1])
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error):
        return "", "", [], {}
