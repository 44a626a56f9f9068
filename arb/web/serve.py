"""The process: one server, until a signal comes or the reading of sections breaks by a bug."""

import asyncio
import signal
from functools import partial

import structlog
from aiohttp import web

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.local.collector import settle
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.app import kill as operation
from arb.app.engines import engine, follow_settings
from arb.engine.kill.kill import KillReport
from arb.stack.home import Home
from arb.web.app import make_app, make_guard
from arb.web.history import PremiumHistory
from arb.web.hub import SectionHub
from arb.web.kill import WITHIN_MS, KillFromPage
from arb.web.metrics import StackMetrics
from arb.web.recorded import RecordedPremiums
from arb.web.scrape import Exporter
from arb.web.secrets import Secrets
from arb.web.sections import SectionReader
from config.web import WebSettings

SHUTDOWN_S = 2.0
log = structlog.get_logger()


def serve(settings: WebSettings, home: Home, port: int) -> None:
    """Serve until a signal comes."""
    asyncio.run(_serve(settings, home, port))


async def _serve(settings: WebSettings, home: Home, port: int) -> None:
    clock, entropy, history = SystemClock(), SystemEntropy(), PremiumHistory()
    secrets = Secrets.of(home)
    stopping, errors = asyncio.Event(), list[BaseException]()

    def broken(error: BaseException) -> None:
        errors.append(error)
        stopping.set()

    switch = FileKillSwitch(home.kill_file)
    kill = KillFromPage(switch, partial(_bring_to_rest, home), clock)
    reader = SectionReader(engine, home, history, kill.state)
    exporter = Exporter(StackMetrics(engine, home, switch.engaged).sources(), clock)
    hub = SectionHub(reader.sections(), clock, history.points, reader.lean)
    guard = make_guard(settings, secrets, clock, entropy)
    recorded = RecordedPremiums(engine).read
    app = make_app(guard, hub, secrets, clock, entropy, kill.engage, exporter.text, recorded, broken)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await web.TCPSite(runner, settings.host, port).start()
        settle()
        follow_settings(lambda wired: log.info("settings_taken_up", generation=wired.settings.generation))
        log.info("page_served", host=settings.host, port=port)
        await stopping.wait()
    finally:
        await runner.cleanup()
    for error in errors:
        raise error  # a bug: its supervisor starts another


def _bring_to_rest(home: Home, reason: str, since_ns: int) -> KillReport:
    def progress(text: str) -> None:
        log.info("kill_progress", text=text)

    return operation.kill(home, reason, since_ns, WITHIN_MS, progress)
