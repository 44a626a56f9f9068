"""What every WebSocket connection of the venue shares: pings, message limit, writer, end of life.

The server pings every 20 s and disconnects without a pong for 60 s. More than 5 incoming messages
in a second, control frames included, also disconnect. A connection lives at most 24 h.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientConnectionResetError, WSMsgType, web

from arb.domain.time import NS_PER_S
from arb.sim.binance.frames import shutdown
from arb.sim.binance.wire import milliseconds
from arb.sim.core.context import WallClock
from arb.sim.core.sockets import Outbox

MESSAGE_BYTES_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    """The venue's terms for a connection, seconds."""

    ping_s: float = 20.0
    pong_s: float = 60.0
    life_s: float = 86_400.0
    messages_per_s: int = 5


POLICY: Final = 1008


class Malformed(Exception):
    """What the client sent is no request at all: the venue closes the connection."""


OnText = Callable[[str], Awaitable[None] | None]


class BinanceConnection:
    """One client. `outbox` takes what is to be sent."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        clock: WallClock,
        terms: Keepalive,
        farewell: Callable[[int], bytes] = shutdown,  # the frame that tells of the end
    ) -> None:
        self._farewell = farewell
        self.outbox = Outbox(socket)
        self._socket = socket
        self._clock = clock
        self._terms = terms
        self._pong_ns = clock.now_ns()
        self._incoming: deque[int] = deque(maxlen=terms.messages_per_s)

    async def run(self, on_text: OnText) -> None:
        """Serve until either side ends it."""
        loop = asyncio.get_running_loop()
        helpers = [loop.create_task(self.outbox.run()), loop.create_task(self._ping())]
        try:
            await self._read(on_text)
        finally:
            for helper in helpers:
                helper.cancel()
                with suppress(asyncio.CancelledError):
                    await helper

    async def _read(self, on_text: OnText) -> None:
        async for message in self._socket:
            if self._is_flood():
                await self._socket.close(code=POLICY, message=b"Too many requests")
                return
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._pong_ns = self._clock.now_ns()
            elif message.type is WSMsgType.TEXT:
                try:
                    waiting = on_text(message.data)
                except Malformed:
                    await self._socket.close(code=POLICY, message=b"Invalid request")
                    return
                if waiting is not None:
                    await waiting

    async def _ping(self) -> None:
        """Ping, and end the connection when pongs stay away or its life is over."""
        born_ns = self._clock.now_ns()
        with suppress(ClientConnectionResetError, ConnectionError):
            while not self._socket.closed:
                await asyncio.sleep(self._terms.ping_s)
                now_ns = self._clock.now_ns()
                if now_ns - self._pong_ns > self._terms.pong_s * NS_PER_S:
                    await self._socket.close(code=POLICY, message=b"Pong timeout", drain=False)
                    self.outbox.abort()
                    return
                if now_ns - born_ns > self._terms.life_s * NS_PER_S:
                    await self._socket.send_frame(self._farewell(milliseconds(now_ns)), WSMsgType.TEXT)
                    await self._socket.close(code=1001)
                    return
                await self._socket.ping(str(milliseconds(now_ns)).encode())

    def _is_flood(self) -> bool:
        """Whether this message is one too many within a second."""
        now_ns = self._clock.now_ns()
        is_full = len(self._incoming) == self._terms.messages_per_s
        is_flood = is_full and now_ns - self._incoming[0] < NS_PER_S
        self._incoming.append(now_ns)
        return is_flood


async def accept(request: web.Request) -> web.WebSocketResponse:
    """Shake hands; pings are answered by `BinanceConnection`, frames are not compressed."""
    socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MESSAGE_BYTES_MAX)
    await socket.prepare(request)
    return socket
