"""Who reaches a test's server in the moment in which it ends is answered, or told at once that it is gone."""

import asyncio
import gc
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from tests.ending import end, listen


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """Keep the collector from closing what was forgotten."""
    gc.disable()
    yield
    gc.enable()


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def heard(turns: int, request: bytes) -> bytes:
    """Return what a client hears that connects so many turns of the loop before the server ends."""
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    door = await listen(runner)
    with socket.create_connection(door.getsockname(), timeout=5) as client:
        client.sendall(request)
        for _ in range(turns):
            await asyncio.sleep(0)
        await end(runner, door)
        await asyncio.sleep(0)  # closes what is to be closed
        try:
            return b"".join(iter(lambda: client.recv(65_536), b""))
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("turns", range(8))
def test_a_connection_that_came_a_moment_before_the_end_is_closed(turns):
    assert asyncio.run(heard(turns, b"")) == b""


@pytest.mark.parametrize("turns", range(2, 8))
def test_who_was_let_in_a_moment_before_the_end_is_answered(turns):
    said = asyncio.run(heard(turns, b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"))
    assert said.startswith(b"HTTP/1.1 200 OK"), said
    assert said.endswith(b"hello")
