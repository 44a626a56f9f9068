"""kombu's Redis transport, hardened: a message is in a queue or held by a consumer, never in between.

The keys and the format are kombu's own, so its workers, its tools and `LLEN queue` see what they expect,
and a fleet can be moved to this transport and back one process at a time. docs/upstream.md lists each
difference and why.
"""

from typing import Any

from kombu.transport import redis as kombu_redis

from arb.adapters.broker.channel import RedisChannel
from arb.adapters.broker.wake import Poller
from arb.adapters.redis.address import PORT


class RedisTransport(kombu_redis.Transport):  # type: ignore[misc]
    """`redis://` for workers that may be killed at any moment."""

    Channel = RedisChannel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = Poller()


class SentinelChannel(RedisChannel, kombu_redis.SentinelChannel):  # type: ignore[misc]
    """Our channel on the master that sentinels name; they are asked again at each new connection."""

    from_transport_options = tuple(
        dict.fromkeys(
            (*RedisChannel.from_transport_options, *kombu_redis.SentinelChannel.from_transport_options)
        )
    )


class SentinelTransport(RedisTransport):
    """`sentinel://`: the same, and a failover is a connection that was lost."""

    default_port = PORT
    Channel = SentinelChannel
