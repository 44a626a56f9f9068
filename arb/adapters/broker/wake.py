"""Learning that a queue has something, without taking it.

`BLMOVE key key RIGHT RIGHT` blocks until the list has an element and moves that to where it was. It reads
one key, so each queue has a connection of its own: whoever wakes looks at all queues in their order. A
consumer that dies at any moment has taken nothing.
"""

import time
from contextlib import suppress
from typing import Any, Final

import redis
from kombu.transport.redis import MultiChannelPoller

REST_S: Final = 1.0  # while it is full: out of memory, or of disk


class Wake:
    """One question to the server: tell me when this key has something."""

    def __init__(self, client: Any, key: str, timeout_s: float) -> None:
        self.client = client
        self.kind = f"wake {key}"
        self._command = ("BLMOVE", key, key, "RIGHT", "RIGHT", timeout_s)
        self._asked_s: float | None = None
        self._rest_until_s = 0.0

    def idle(self) -> bool:
        """Tell whether nothing is asked now, so that the question may be sent."""
        return self._asked_s is None and time.monotonic() >= self._rest_until_s

    def ask(self) -> None:
        """Ask the server to answer once the queue has a message."""
        self.client.connection.send_command(*self._command)
        self._asked_s = time.monotonic()

    def answer(self) -> bool:
        """Read the answer, which has arrived; return whether it is worth a look."""
        self._asked_s = None
        try:
            return self.client.parse_response(self.client.connection, "BLMOVE") is not None
        except redis.ResponseError:
            self._rest_until_s = time.monotonic() + REST_S
            return True
        except (redis.RedisError, OSError):
            self.client.connection.disconnect()
            raise

    def found(self) -> None:
        """Ask again at once: there was something."""
        self._rest_until_s = 0.0

    def overdue(self, after_s: float) -> bool:
        """Tell whether the answer, which a live server gives in time, did not come."""
        return self._asked_s is not None and time.monotonic() - self._asked_s > after_s

    def lost(self, connection: Any) -> None:
        """Forget the question if it went by this connection."""
        if self.client.connection is connection:
            self._asked_s = None

    def release(self) -> None:
        """End the connection and give its place in the pool back."""
        connection = self.client.connection
        self.close()
        if connection is not None:
            self.client.connection_pool.release(connection)

    def close(self) -> None:
        """End the connection; there is nothing on it to lose."""
        connection, self.client.connection = self.client.connection, None
        if connection is not None:
            connection.disconnect()


class Poller(MultiChannelPoller):  # type: ignore[misc]
    """Waits for wakes instead of messages, so that a reply may always be read."""

    def on_poll_start(self) -> None:
        """Ask for every queue of the channels that may take more."""
        for channel in tuple(self._channels):
            if channel.qos.can_consume():
                for wake in channel.wakes():
                    self._ask(channel, wake)
            if channel.active_fanout_queues:
                self._register_LISTEN(channel)

    def _ask(self, channel: Any, wake: Wake) -> None:
        if not wake.idle():
            return
        if not self._client_registered(channel, wake.client, wake.kind):
            self._register(channel, wake.client, wake.kind)
        wake.ask()

    def forget(self, channel: Any, wake: Wake) -> None:
        """Stop watching a wake's socket."""
        sock = self._chan_to_sock.pop((channel, wake.client, wake.kind), None)
        for fileno, known in tuple(self._fd_to_chan.items()):
            if known == (channel, wake.kind):
                del self._fd_to_chan[fileno]
        if sock is not None:
            with suppress(KeyError, ValueError, OSError):  # it was disconnected, and unregistered then
                self.poller.unregister(sock)

    def on_readable(self, fileno: int) -> Any:
        """Read whatever came; a wake is read even without credit, since it brings no message."""
        known = self._fd_to_chan.get(fileno)
        return known and known[0].handlers[known[1]]()

    def maybe_check_brpop_health(self) -> None:
        """Drop connections whose server is silent, so that the next turn makes new ones."""
        for channel in tuple(self._channels):
            channel.drop_silent_wakes()
