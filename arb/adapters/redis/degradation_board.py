"""`arb.engine.health.degrade.DegradationBoard`: the degree in Redis, and in a file while Redis is away.

`arbitrage:degradation:{env}` is there for as long as somebody decides; so is what the file says.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final, cast

import redis

from arb.adapters.local.shared_file import SharedFile
from arb.domain.health.degradation import Degradation, Degree
from arb.ports.market import Clock

KEPT_NS: Final = 60_000_000_000  # without a word of anybody, nothing is degraded any more
READ_NS: Final = 1_000_000_000  # how often a process asks


class SharedBoard:
    """The board of one environment and home."""

    def __init__(self, client: redis.Redis, environment: str, file: SharedFile, clock: Clock) -> None:
        self._client, self._file, self._clock = client, file, clock
        self._key = f"arbitrage:degradation:{environment}"
        self._known = Degradation()
        self._read_ns = 0

    def read(self) -> Degradation:
        now_ns = self._clock.now_ns()
        try:
            text = cast(bytes | None, self._client.get(self._key))
            document = json.loads(text) if text else {}
        except (redis.RedisError, ValueError):
            document = {}
        if not document:
            document = self._file.read()
        self._known, self._read_ns = _degradation(document, now_ns), now_ns
        return self._known

    def degree(self) -> Degree:
        """Return the degree in force, as it was at most a second ago: cheap enough for every message."""
        if not 0 <= self._clock.now_ns() - self._read_ns < READ_NS:
            self.read()
        return self._known.degree

    def write(self, found: Degradation) -> None:
        document = asdict(found) | {"at_ns": self._clock.now_ns()}
        self._file.update(lambda kept: kept.update(document))
        with suppress(redis.RedisError):  # the file has it
            self._client.set(self._key, json.dumps(document), px=KEPT_NS // 1_000_000)

    def forget(self) -> None:
        """Forget what Redis has: the stack that wrote it has ended."""
        with suppress(redis.RedisError):
            self._client.delete(self._key)


def _degradation(document: dict[str, Any], now_ns: int) -> Degradation:
    fields = dict(document)
    age_ns = now_ns - int(fields.pop("at_ns", 0))
    if not 0 <= age_ns < KEPT_NS:
        return Degradation()
    try:
        return Degradation(**{**fields, "degree": Degree(fields["degree"])})
    except (KeyError, TypeError, ValueError):
        return Degradation()  # written by another version; the next sweep writes ours
