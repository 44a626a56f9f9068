"""The process: one server, until a signal comes or the reading of sections breaks by a bug."""

import asyncio
import signal

import structlog
from aiohttp import web

from arb.adapters.clock import SystemClock, SystemEntropy
from arb.bootstrap import engine
from arb.runtime.home import Home
from arb.web.app import make_app, make_guard
from arb.web.desk import Desk
from arb.web.history import History
from arb.web.hub import Hub
from arb.web.kill import stop_trading
from arb.web.secrets import Secrets
from config.web import Web

SHUTDOWN_S = 2.0
log = structlog.get_logger()


def serve(settings: Web, home: Home, port: int) -> None:
    """Serve until a signal comes."""
    asyncio.run(_serve(settings, home, port))


async def _serve(settings: Web, home: Home, port: int) -> None:
    clock, entropy, history = SystemClock(), SystemEntropy(), History()
    secrets = Secrets.of(home)
    stopping, errors = asyncio.Event(), list[BaseException]()

    def broken(error: BaseException) -> None:
        errors.append(error)
        stopping.set()

    desk = Desk(engine, home, history)
    hub = Hub(desk.sections(), clock, history.points)
    guard = make_guard(settings, secrets, clock, entropy)
    app = make_app(guard, hub, secrets, clock, entropy, lambda reason: stop_trading(engine(), reason), broken)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await web.TCPSite(runner, settings.host, port).start()
        log.info("page_served", host=settings.host, port=port)
        await stopping.wait()
    finally:
        await runner.cleanup()
    for error in errors:
        raise error  # a bug: its supervisor starts another
