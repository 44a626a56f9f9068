"""A WebSocket server in a thread whose behaviour is a script, one call for each connection."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMessage, web

from tests.ending import end, listen

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's end of one connection; pings are not answered unless the script reads them."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, number: int) -> None:
        self.socket = socket
        self.request = request
        self.number = number  # from 1

    async def send(self, data: bytes) -> None:
        """Send a binary frame."""
        await self.socket.send_bytes(data)

    def write(self, data: bytes) -> None:
        """Send these bytes, whatever they mean."""
        transport = self.request.transport
        assert transport is not None
        transport.write(data)

    async def read(self) -> WSMessage:
        """Return the next message, control frames included."""
        return await self.socket.receive(timeout=5)

    async def freeze(self) -> None:
        """Stay open, read nothing, say nothing."""
        await asyncio.sleep(30)

    def cut(self) -> None:
        """Drop the connection without a word."""
        transport = self.request.transport
        assert transport is not None
        transport.abort()


class Server:
    """Listens on a free loopback port from `with` to its end."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._runner: Any = None
        self.connections = 0
        self.url = ""

    def __enter__(self) -> "Server":
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(end(self._runner, self._door))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        app = web.Application()
        for path in ("/ws", "/stream"):
            app.router.add_get(path, self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        self._door = await listen(self._runner)
        self.url = f"ws://127.0.0.1:{self._door.getsockname()[1]}/ws"

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        number = self.connections
        if "Upgrade" not in request.headers:
            return web.Response(status=400)
        socket = web.WebSocketResponse(autoping=False, timeout=0.1)
        await socket.prepare(request)
        await self._script(Peer(socket, request, number))
        return socket
