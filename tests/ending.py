"""The end of a server in a test, so that nobody who has just reached it is forgotten.

Older asyncio, that of Python 3.11 too, loses a connection that it has accepted when its server is closed in
the next turns of the loop: the socket stays open until it is collected as garbage, which is a warning in
whichever test runs then.
"""

import asyncio
import socket
from typing import Final

from aiohttp import web

TURNS: Final = 5  # of the loop, until a connection that was accepted is its server's: it takes three


async def listen(runner: web.AppRunner) -> socket.socket:
    """Serve on a free port of this machine; return what listens there."""
    door = socket.create_server(("127.0.0.1", 0))
    await runner.setup()
    await web.SockSite(runner, door).start()
    return door


async def end(runner: web.AppRunner, door: socket.socket) -> None:
    """Let nobody in any more, then end with all who are."""
    asyncio.get_running_loop().remove_reader(door)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
    door.close()
