"""A TCP forwarder to be killed (connections are reset, new ones refused) or stopped (nothing moves).

    python -m arb.chaos.queue.proxy LISTEN_PORT TARGET_PORT [--refuse SHARE --seed N]

With a share it does not listen for that share of the time, in short turns by seeded dice, and ends each
connection soon after its reply, so that every request needs a new one: that share of them is refused.
"""

import argparse
import asyncio
import random
from contextlib import suppress
from typing import Final

LOOPBACK: Final = "127.0.0.1"
CHUNK_BYTES: Final = 64 * 1024
TURN_S: Final = (0.02, 0.08)  # without listening
LINGER_S: Final = 0.02  # after the last byte of a reply


class Forwarder:
    """Forwards until its process ends."""

    def __init__(self, listen_port: int, target_port: int, *, ends_after_reply: bool) -> None:
        self._listen_port, self._target_port = listen_port, target_port
        self._linger_s = LINGER_S if ends_after_reply else None

    async def listen(self) -> asyncio.Server:
        """Listen on the port, and return the server."""
        return await asyncio.start_server(self._serve, LOOPBACK, self._listen_port, reuse_address=True)

    async def refuse(self, share: float, dice: random.Random) -> None:
        """Listen, and do not listen, by turns."""
        while True:
            closed_s = dice.uniform(*TURN_S)
            server = await self.listen()
            await asyncio.sleep(closed_s * (1 - share) / share)
            server.close()
            await asyncio.sleep(closed_s)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pipes = (_pipe(reader, far_writer, None), _pipe(far_reader, writer, self._linger_s))
        await asyncio.wait([asyncio.ensure_future(pipe) for pipe in pipes], return_when="FIRST_COMPLETED")
        writer.close()
        far_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, linger_s: float | None) -> None:
    """Copy until an end, or until nothing more follows what was there."""
    patience_s = None
    with suppress(OSError, TimeoutError, asyncio.TimeoutError):
        while chunk := await asyncio.wait_for(reader.read(CHUNK_BYTES), patience_s):
            writer.write(chunk)
            await writer.drain()
            patience_s = linger_s


async def forward(listen_port: int, target_port: int, share: float, seed: int) -> None:
    """Forward until the process ends."""
    forwarder = Forwarder(listen_port, target_port, ends_after_reply=share > 0)
    if share:
        await forwarder.refuse(share, random.Random(seed))
    async with await forwarder.listen() as server:
        await server.serve_forever()


def main() -> None:
    """Run the proxy that the arguments describe, until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("listen_port", type=int)
    parser.add_argument("target_port", type=int)
    parser.add_argument("--refuse", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(forward(chosen.listen_port, chosen.target_port, chosen.refuse, chosen.seed))


if __name__ == "__main__":
    main()
