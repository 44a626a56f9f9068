"""Transports that refuse some messages by seeded dice, as the last thing before a broker is asked.

kombu finds transports by the name of a class, so the dice are this module's. What a refusal looks like is
what brokers say: a queue that is full nacks a message (`reject-publish`), one that nobody consumes has no
consumers; a PostgreSQL without space refuses the row, one that is down refuses the connection.
"""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from amqp.exceptions import MessageNacked, NoConsumers
from kombu.transport import TRANSPORT_ALIASES, pgmq

from arb.adapters.broker import pgmq_transport
from arb.adapters.broker.channel import RedisChannel
from arb.adapters.broker.redis_transport import RedisTransport
from arb.domain.health.queues import ORDERS

PRIMARY: Final = "primary"
FALLBACK: Final = "fallback"
QUEUE: Final = ORDERS  # the only one that is refused: canaries are not messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Shares of the messages that one broker refuses."""

    full: float = 0.0
    down: float = 0.0


@dataclass
class PublishRecord:
    """What one publishing process met at its two brokers."""

    refusals: dict[str, Refusals] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    known_s: float | None = None  # when the primary's refusal of the present message was known
    turned_s: float | None = None  # when the fallback got it

    def begin(self) -> None:
        """Reset the times of the record for a new message."""
        self.known_s = self.turned_s = None

    def meet(self, broker: str) -> str:
        """Return how a broker refuses this message, or nothing."""
        if broker == FALLBACK and self.turned_s is None:
            self.turned_s = time.monotonic()
        self.asked[broker] += 1
        rates, draw = self.refusals.get(broker, Refusals()), self.dice.random()
        how = "full" if draw < rates.full else "down" if draw < rates.full + rates.down else ""
        if how:
            self.refused[f"{broker} {how}"] += 1
        return how

    def refusal_known(self) -> None:
        """Note that the primary has refused."""
        self.known_s = time.monotonic()


EDGE: Final = PublishRecord()


def use(refusals: dict[str, Refusals], seed: int) -> PublishRecord:
    """Have this process publish through these transports; before it connects, and after its settings."""
    TRANSPORT_ALIASES["redis"] = "arb.chaos.queue.edge:PrimaryTransport"
    TRANSPORT_ALIASES["pgmq"] = "arb.chaos.queue.edge:FallbackTransport"
    EDGE.refusals, EDGE.dice = refusals, random.Random(seed)
    return EDGE


class PrimaryChannel(RedisChannel):
    """A channel of the primary broker that refuses some publishes, by a plan."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        how = EDGE.meet(PRIMARY) if queue == QUEUE else ""
        try:
            if how == "full":
                raise MessageNacked(f"{queue}: maximum length reached")
            if how == "down":
                raise NoConsumers(f"{queue}: nobody consumes")
            super()._put(queue, message, **kwargs)
        except Exception:
            EDGE.refusal_known()
            raise


class PrimaryTransport(RedisTransport):
    """Our Redis transport with that channel."""

    Channel = PrimaryChannel


class FallbackChannel(pgmq.Channel):  # type: ignore[misc]  # kombu ships no types
    """A channel of the fallback broker that refuses some publishes, by a plan."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        how = EDGE.meet(FALLBACK) if queue == QUEUE else ""
        if how == "full":
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")
        if how == "down":
            raise psycopg.OperationalError("connection refused")
        super()._put(queue, message, **kwargs)


class FallbackTransport(pgmq_transport.PgmqTransport):
    """Our PGMQ transport with that channel."""

    Channel = FallbackChannel
