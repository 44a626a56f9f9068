"""The shared shell of the simulated venues: command line, process life, admin and heartbeat.

`python -m arb.sim binance --config sim.json --port 9001 [--host ADDRESS] [--journal PATH] [--tape PATH]`.
It listens on 127.0.0.1 unless told otherwise, and ends at once on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from arb.adapters.local.clock import SystemClock
from arb.adapters.local.collector import settle
from arb.domain.market.ids import Venue
from arb.sim.core.admin import Admin
from arb.sim.core.config import SimConfigError, load_config
from arb.sim.core.context import VenueContext, make_context
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_api import FaultApi
from arb.sim.core.steps import Cut, Publish, StepLoop

HOST: Final = "127.0.0.1"
USAGE_ERROR: Final = 2
SHUTDOWN_S: Final = 0.2

Build = Callable[[VenueContext], web.Application]


def install(
    app: web.Application, context: VenueContext, exchange: Exchange, cut: Cut, publish: Publish
) -> None:
    """Add the admin routes and the heartbeat to a venue's application."""
    app.add_routes([*Admin(context, exchange).routes(), *FaultApi(context, exchange).routes()])
    steps = StepLoop(context, exchange, cut, publish)

    async def heartbeat(_app: web.Application) -> AsyncIterator[None]:
        steps.start()
        settle()
        task = asyncio.get_running_loop().create_task(steps.run())
        task.add_done_callback(_die_if_failed)
        yield
        for pending in (task, *context.tasks):
            pending.cancel()
            with suppress(asyncio.CancelledError):
                await pending
        context.journal.close()

    app.cleanup_ctx.append(heartbeat)


def _die_if_failed(task: asyncio.Task[None]) -> None:
    """End the process if its heartbeat stopped by an error: a frozen market must not look alive."""
    if not task.cancelled() and task.exception() is not None:
        signal.raise_signal(signal.SIGTERM)


def main(argv: list[str], builders: dict[str, Callable[[], Build]]) -> int:
    """Run one venue until a signal ends it; return the exit code."""
    arguments = _parser(builders).parse_args(argv)
    try:
        config = load_config(arguments.config)
        if arguments.tape is not None:
            config = msgspec.structs.replace(config, tape=str(arguments.tape))
        context = make_context(Venue(arguments.venue), config, SystemClock(), arguments.journal)
    except SimConfigError as error:
        sys.stderr.write(f"arb.sim: {error}\n")
        return USAGE_ERROR
    app = builders[arguments.venue]()(context)
    web.run_app(
        app,
        host=arguments.host,
        port=arguments.port,
        print=None,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
    )
    return 0


def _parser(builders: dict[str, Callable[[], Build]]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m arb.sim", description="A simulated exchange.")
    parser.add_argument("venue", choices=sorted(builders))
    parser.add_argument("--config", type=Path, required=True, help="JSON file that the venues share")
    parser.add_argument("--port", type=int, required=True, help="TCP port")
    parser.add_argument(
        "--host", default=HOST, help=f"address to listen on, else {HOST}; 0.0.0.0 only inside a container"
    )
    parser.add_argument("--journal", type=Path, help="JSONL file that survives this process")
    parser.add_argument("--tape", type=Path, help="recorded prices; overrides the configuration's")
    return parser
