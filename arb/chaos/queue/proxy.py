"""A TCP forwarder to be killed (connections are reset, new ones refused) or stopped (nothing moves).

python -m arb.chaos.queue.proxy LISTEN_PORT TARGET_PORT
"""

import asyncio
import sys
from contextlib import suppress
from typing import Final

LOOPBACK: Final = "127.0.0.1"
CHUNK_BYTES: Final = 64 * 1024


async def forward(listen_port: int, target_port: int) -> None:
    """Forward until the process ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, target_port)
        except OSError:
            writer.transport.abort()
            return
        pipes = (_pipe(reader, far_writer), _pipe(far_reader, writer))
        await asyncio.wait([asyncio.ensure_future(pipe) for pipe in pipes], return_when="FIRST_COMPLETED")
        writer.transport.abort()
        far_writer.transport.abort()

    server = await asyncio.start_server(serve, LOOPBACK, listen_port, reuse_address=True)
    async with server:
        await server.serve_forever()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()


if __name__ == "__main__":
    asyncio.run(forward(int(sys.argv[1]), int(sys.argv[2])))
