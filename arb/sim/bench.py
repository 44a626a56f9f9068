"""`python -m arb.sim bench`: what the simulators cost a machine, by number of coins.

Each venue runs alone in a process of its own, as it does in a stack, and as many sockets as asked for
listen as our feed does: at Binance to the best prices and 20 levels, at Upbit to 15 levels, of every
coin. What is printed is the share of one core that the venue used, and how many order books a second
each socket got for each coin.
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse

from arb.adapters.local.clock import SystemClock
from arb.domain.market.ids import Venue
from arb.sim.core.coins import DEFAULT_COINS

COINS: Final = (5, 50, 250)
STEP_MS: Final = 100
WARM_S: Final = 2.0
START_S: Final = 30.0
CPU_CLOCK: Final = 2  # that counts nanoseconds, of the three that the kernel keeps of a process
CODES_AT_ONCE: Final = 100  # streams in one message to Binance
DEPTH_MARKS: Final = {Venue.BINANCE: b"@depth20", Venue.UPBIT: b'"orderbook"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one venue used during a measurement."""

    venue: Venue
    coins: int
    sockets: int
    core_percent: float
    books_per_s: float  # of each coin, at each socket
    megabytes_per_s: float  # sent

    def line(self) -> str:
        """Return the measurement as a row of a Markdown table."""
        return (
            f"| {self.coins} | {self.venue} | {self.sockets} | {self.core_percent:.0f} % "
            f"| {self.books_per_s:.1f} | {self.megabytes_per_s:.1f} |"
        )


def main(argv: list[str]) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m arb.sim bench", description=__doc__)
    parser.add_argument("--coins", default=",".join(map(str, COINS)), help="numbers of coins, with commas")
    parser.add_argument("--sockets", type=int, default=1, help="listeners at each venue")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    arguments = parser.parse_args(argv)
    sys.stdout.write("| coins | venue | sockets | of one core | books a second, each coin | MB/s |\n")
    sys.stdout.write("| --: | --- | --: | --: | --: | --: |\n")
    for count in map(int, arguments.coins.split(",")):
        for venue in (Venue.BINANCE, Venue.UPBIT):
            cost = asyncio.run(measured(venue, count, arguments.sockets, arguments.seconds))
            sys.stdout.write(cost.line() + "\n")
            sys.stdout.flush()
    return 0


def coin_names(count: int) -> list[str]:
    """Return that many coins: those of the table, then made-up ones."""
    return [*DEFAULT_COINS, *(f"C{number:03d}" for number in range(count))][:count]


async def measured(venue: Venue, count: int, sockets: int, seconds: float) -> Cost:
    """Return what `venue` costs with `count` coins."""
    coins = coin_names(count)
    config = {"seed": 1, "epoch_ns": SystemClock().now_ns(), "step_ms": STEP_MS, "coins": coins}
    with tempfile.TemporaryDirectory(prefix="sim-bench-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        path = Path(folder, "sim.json")
        path.write_text(json.dumps(config))
        command = [sys.executable, "-m", "arb.sim", venue, "--config", str(path), "--port", str(port)]
        process = subprocess.Popen(command)
        try:
            return await _measured(venue, coins, sockets, seconds, f"127.0.0.1:{port}", process.pid)
        finally:
            process.kill()
            process.wait()


async def _measured(
    venue: Venue, coins: list[str], sockets: int, seconds: float, address: str, pid: int
) -> Cost:
    async with ClientSession() as session:
        await _await_health(session, address)
        counts = [0, 0]
        listeners = [
            asyncio.create_task(_listen(await _subscribed(session, venue, coins, address), venue, counts))
            for _ in range(sockets)
        ]
        await asyncio.sleep(WARM_S)
        loop = asyncio.get_running_loop()
        before, began_s, (books, size) = _cpu_s(pid), loop.time(), counts
        await asyncio.sleep(seconds)
        used_s, took_s = _cpu_s(pid) - before, loop.time() - began_s
        books, size = counts[0] - books, counts[1] - size
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
    return Cost(
        venue=venue,
        coins=len(coins),
        sockets=sockets,
        core_percent=100 * used_s / took_s,
        books_per_s=books / took_s / sockets / len(coins),
        megabytes_per_s=size / took_s / 1e6,
    )


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process, by the clock that the kernel keeps of it.

    It is that of clock_getcpuclockid(3). Its times in /proc are whole hundredths of a second: a few coins
    do not take one in a second.
    """
    return time.clock_gettime(~pid << 3 | CPU_CLOCK)


async def _await_health(session: ClientSession, address: str) -> None:
    async with asyncio.timeout(START_S):
        while True:
            try:
                async with session.get(f"http://{address}/sim/health"):
                    return
            except ClientError:
                await asyncio.sleep(0.05)


async def _subscribed(
    session: ClientSession, venue: Venue, coins: list[str], address: str
) -> ClientWebSocketResponse:
    """Return a socket that listens to every coin as our feed does."""
    if venue == Venue.UPBIT:
        client = await session.ws_connect(f"ws://{address}/websocket/v1", max_msg_size=0)
        codes = [f"KRW-{coin}.15" for coin in coins]
        request: list[dict[str, Any]] = [{"ticket": "bench"}, {"type": "orderbook", "codes": codes}]
        await client.send_json([*request, {"format": "SIMPLE"}])
        return client
    client = await session.ws_connect(f"ws://{address}/stream", max_msg_size=0)
    streams = [f"{coin.lower()}usdt@{kind}" for coin in coins for kind in ("bookTicker", "depth20@100ms")]
    for start in range(0, len(streams), CODES_AT_ONCE):
        names = streams[start : start + CODES_AT_ONCE]
        await client.send_json({"method": "SUBSCRIBE", "params": names, "id": start})
        await asyncio.sleep(0.25)  # five messages a second are too many
    return client


async def _listen(client: ClientWebSocketResponse, venue: Venue, counts: list[int]) -> None:
    """Count books, and bytes of every message, until told to stop."""
    mark = DEPTH_MARKS[venue]
    async for message in client:
        data = message.data if isinstance(message.data, bytes) else message.data.encode()
        counts[1] += len(data)
        counts[0] += mark in data[:60]
