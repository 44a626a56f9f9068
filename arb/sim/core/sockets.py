"""One client as seen from the venue: frames are put, a writer sends them in order; requests are cut off.

What a market step brought goes out in one write: hundreds of small frames cost one call to the system.
A client that reads too slowly is disconnected when its queue is full, as the venues do.
"""

import asyncio
from collections import deque
from struct import pack
from typing import Final

from aiohttp import WSMsgType, web

FRAMES_MAX: Final = 20_000
BUFFER_BYTES_MAX: Final = 1 << 20  # a client that has not read so much is waited for
BUFFER_LOOK_S: Final = 0.005
FIN: Final = 0x80  # a whole message; the type is in the lower bits (RFC 6455)


class Outbox:
    """Frames on their way to one client. Text or binary is the venue's choice."""

    def __init__(self, socket: web.WebSocketResponse, frame_type: WSMsgType = WSMsgType.TEXT) -> None:
        self._socket = socket
        self._opcode = FIN | int(frame_type)
        self._frames: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.overflowed = False
        self._late: deque[tuple[float, bytes]] = deque()  # when due, frame; in the order they were made
        self._timer: asyncio.TimerHandle | None = None

    def put(self, frame: bytes) -> None:
        """Queue a frame; past the limit the client is marked as lost."""
        if len(self._frames) >= FRAMES_MAX:
            self.overflowed = True
        else:
            self._frames.append(frame)
            self._room.clear()
        self._wake.set()

    def put_later(self, delay_ms: int, frame: bytes) -> None:
        """Queue a frame after `delay_ms`."""
        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self.put, frame)
        else:
            self.put(frame)

    def put_in_order(self, frame: bytes, lag_ms: int = 0) -> None:
        """Queue a frame of a stream that lags: after every earlier one, and no later than its lag."""
        if not lag_ms and not self._late:
            self.put(frame)
            return
        self._late.append((asyncio.get_running_loop().time() + lag_ms / 1000, frame))
        if not lag_ms or self._timer is None:
            self._release()

    def _release(self) -> None:
        """Queue the late frames that are due, and all of them when the newest is."""
        loop = asyncio.get_running_loop()
        now_s, late = loop.time(), self._late
        caught_up = bool(late) and late[-1][0] <= now_s
        while late and (caught_up or late[0][0] <= now_s):
            self.put(late.popleft()[1])
        if self._timer is not None:
            self._timer.cancel()
        waits = bool(late) and not self.overflowed
        self._timer = loop.call_at(late[0][0], self._release) if waits else None

    async def emptied(self) -> None:
        """Wait until everything put so far has been sent."""
        await self._room.wait()

    async def run(self) -> None:
        """Send frames until the client goes away or overflows."""
        try:
            while not self.overflowed and not self._socket.closed:
                await self._wake.wait()
                self._wake.clear()
                await self._send_all()
                self._room.set()
        finally:
            self._room.set()
            self.abort()

    async def _send_all(self) -> None:
        transport = self._transport()
        while self._frames and transport is not None and not transport.is_closing():
            frames = list(self._frames)
            self._frames.clear()
            transport.write(
                b"".join(part for frame in frames for part in (_header(self._opcode, frame), frame))
            )
            while transport.get_write_buffer_size() > BUFFER_BYTES_MAX and not transport.is_closing():
                await asyncio.sleep(BUFFER_LOOK_S)

    def _transport(self) -> asyncio.WriteTransport | None:
        request = self._socket._req
        return None if request is None else request.transport

    def abort(self) -> None:
        """Cut the connection without a closing handshake."""
        self.overflowed = True
        self._late.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._room.set()
        self._wake.set()
        transport = self._transport()
        if transport is not None:
            transport.abort()


def cut(request: web.Request) -> web.Response:
    """Close the connection of a request without an answer; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _header(opcode: int, frame: bytes) -> bytes:
    """Return what goes before a server's frame on the wire: it is not masked."""
    length = len(frame)
    if length < 126:
        return bytes((opcode, length))
    if length < 1 << 16:
        return pack("!BBH", opcode, 126, length)
    return pack("!BBQ", opcode, 127, length)
