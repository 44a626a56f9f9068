"""One WebSocket client: its subscriptions, its format, its limits, and its idle time.

Text `PING` is answered with `{"status":"UP"}` and ping frames with pongs; a connection on which
nothing moved either way for 120 s is closed; more than 5 messages a second or 100 a minute close
it too (docs/protocols/upbit.md). Frames go out as binary.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.context import VenueContext
from arb.sim.core.sockets import Outbox
from arb.sim.krw.errors import SocketRejection
from arb.sim.krw.frames import PONG_FRAME, encode_frame
from arb.sim.krw.limits import MessageLimiter
from arb.sim.krw.subscription import LIST_METHOD, KrwSubscription, listing, read_request
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import to_json

IDLE_LOOK_S_MAX: Final = 5.0  # how long an idle connection may outlive its time
MESSAGE_BYTES_MAX: Final = 65_536
ENDED: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class KrwConnection:
    """A client as the streams see it."""

    def __init__(
        self,
        context: VenueContext,
        board: Switchboard,
        types: frozenset[str],
        joined: Callable[["KrwConnection"], None],
    ) -> None:
        self._context = context
        self._board = board
        self._types = types
        self._joined = joined  # called after each new set of subscriptions
        self._messages = MessageLimiter()
        self._moved_ns = context.clock.now_ns()
        self._socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MESSAGE_BYTES_MAX)
        self._outbox = Outbox(self._socket, WSMsgType.BINARY)
        self.form = "DEFAULT"
        self.subscriptions: tuple[KrwSubscription, ...] = ()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message in the connection's format."""
        self.send_frame(encode_frame(message, self.form))

    def send_frame(self, frame: bytes, delay_ms: int = 0) -> None:
        """Send a rendered frame."""
        self._moved_ns = self._context.clock.now_ns()
        self._outbox.put_later(delay_ms, frame)

    def send_in_order(self, frame: bytes, lag_ms: int) -> None:
        """Send a frame of a stream that lags, after those before it."""
        self._moved_ns = self._context.clock.now_ns()
        self._outbox.put_in_order(frame, lag_ms)

    def drop(self) -> None:
        """Cut the connection."""
        self._outbox.abort()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk with the client until either side ends it."""
        await self._socket.prepare(request)
        writer = asyncio.get_running_loop().create_task(self._outbox.run())
        try:
            await self._listen()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    async def _listen(self) -> None:
        while not self._socket.closed:
            idle_s = self._board.idle_close_ms / 1000
            try:
                message = await self._socket.receive(min(idle_s, IDLE_LOOK_S_MAX))
            except TimeoutError:
                if self._context.clock.now_ns() - self._moved_ns >= idle_s * NS_PER_S - NS_PER_MS:
                    await self._socket.close(code=WSCloseCode.GOING_AWAY)
                continue
            if message.type in ENDED:
                return
            self._moved_ns = self._context.clock.now_ns()
            await self._hear(message)

    async def _hear(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data = message.data
            text = data if isinstance(data, str) else data.decode("utf-8", "replace")
            if text.strip() == "PING":
                self.send_frame(PONG_FRAME)
            elif self._messages.take(self._context.clock.now_ns()):
                self._obey(text)
            else:
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)

    def _obey(self, text: str) -> None:
        try:
            request = read_request(text, self._types)
        except SocketRejection as error:
            self.send_frame(to_json(error.body()))
            return
        self.form = request.format
        if request.method == LIST_METHOD:
            self.send(listing(request, self.subscriptions))
            return
        self.subscriptions = request.subscriptions
        self._joined(self)
