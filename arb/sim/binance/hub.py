"""Who listens to which stream. Frames are made once and only if somebody listens."""

from collections.abc import Callable, Iterable

from arb.sim.binance.frames import combined
from arb.sim.binance.micro import MICROSECOND, frame_in_microseconds
from arb.sim.core.fault_stream import PublicShaper
from arb.sim.core.sockets import Outbox


class Listener:
    """One market stream connection: its outbox, its subscriptions, and its form."""

    def __init__(self, outbox: Outbox, wrapped: bool, unit: str = "") -> None:
        self.outbox = outbox
        self.unit = unit  # of times: MICROSECOND, or else milliseconds
        self.wrapped = wrapped  # the combined form of /stream
        self.streams: dict[str, None] = {}  # in the order in which they were asked for


class StreamHub:
    """Subscriptions of all connections, by stream."""

    def __init__(self, shaper: PublicShaper) -> None:
        self._shaper = shaper
        self._listeners: dict[str, list[Listener]] = {}

    def wants(self, stream: str) -> bool:
        """Whether anybody listens to `stream`."""
        return stream in self._listeners

    def wants_any(self, streams: frozenset[str]) -> bool:
        """Whether anybody listens to one of `streams`."""
        return not streams.isdisjoint(self._listeners)

    def subscribe(self, listener: Listener, streams: Iterable[str]) -> None:
        """Add streams to a connection; one it has already is passed over."""
        for stream in streams:
            if stream not in listener.streams:
                listener.streams[stream] = None
                self._listeners.setdefault(stream, []).append(listener)

    def unsubscribe(self, listener: Listener, streams: Iterable[str]) -> None:
        """Take streams off a connection; one it does not have is passed over."""
        for stream in list(streams):
            if stream in listener.streams:
                del listener.streams[stream]
                self._listeners[stream].remove(listener)
                if not self._listeners[stream]:
                    del self._listeners[stream]

    def leave(self, listener: Listener) -> None:
        """Drop a connection with its subscriptions."""
        self.unsubscribe(listener, listener.streams)

    def publish(self, stream: str, make: Callable[[], bytes]) -> None:
        """Send a frame to everybody who listens, shaped by the fault plan."""
        listeners = self._listeners.get(stream)
        if listeners:
            self._send(stream, make(), listeners)

    def everybody(self) -> list[Listener]:
        """Return every connection that listens to something."""
        found = {id(one): one for listeners in self._listeners.values() for one in listeners}
        return list(found.values())

    def _send(self, stream: str, raw: bytes, listeners: list[Listener]) -> None:
        shaped = self._shaper.push(stream, raw)
        if shaped is None:
            return
        wrapped, lag_ms = combined(stream, shaped), self._shaper.lag_ms(stream)
        for listener in listeners:
            frame = wrapped if listener.wrapped else shaped
            if listener.unit == MICROSECOND:
                frame = frame_in_microseconds(frame)
            listener.outbox.put_in_order(frame, lag_ms)
