"""The transport itself: kombu's, with our channel and poller."""

from typing import Any

from kombu.transport import redis as kombu_redis

from arb.adapters.transport.channel import Channel
from arb.adapters.transport.wake import Poller


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """`redis://` for workers that may be killed at any moment."""

    Channel = Channel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = Poller()
