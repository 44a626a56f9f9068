"""The server, put together. Nothing is read before it starts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from arb.domain.time import NS_PER_HOUR
from arb.ports.market import Clock, Entropy
from arb.web.guard import Guard, Handler, add_headers
from arb.web.hub import SectionHub
from arb.web.login import STATIC, Login
from arb.web.pages import Pages
from arb.web.secrets import Secrets
from arb.web.throttle import Throttle
from arb.web.tickets import Tickets
from config.web import WebSettings, is_loopback

BODY_BYTES_MAX: Final = 16_384
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def make_guard(settings: WebSettings, secrets: Secrets, clock: Clock, entropy: Entropy) -> Guard:
    """Return the rules that the settings ask for."""
    public = urlsplit(settings.public_url or "")
    return Guard(
        tickets=Tickets(secrets.cookies, clock, entropy, settings.session_hours * NS_PER_HOUR),
        authentication=settings.authentication,
        hosts=LOOPBACK_NAMES | {settings.host} | ({public.hostname} if public.hostname else set()),
        any_address=not is_loopback(settings.host),
        secure=public.scheme == "https",
        proxies=tuple(ip_network(text) for text in settings.proxies) if settings.public_url else (),
    )


def make_app(
    guard: Guard,
    hub: SectionHub,
    secrets: Secrets,
    clock: Clock,
    entropy: Entropy,
    stop_trading: Callable[[str], str],
    scrape: Callable[[], bytes],
    recorded: Callable[[str, str], Any],
    broken: Callable[[BaseException], None],
) -> web.Application:
    """Return the application; `broken` is told when the reading of sections has ended by a bug."""
    login = Login(guard=guard, throttle=Throttle(clock), entropy=entropy, password=secrets.password)
    pages = Pages(
        guard=guard,
        hub=hub,
        stop_trading=stop_trading,
        scrape=scrape,
        recorded=recorded,
        reader=ThreadPoolExecutor(1, thread_name_prefix="recorded"),
        metrics_token=secrets.metrics,
    )

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await guard.pass_through(request, handler)

    app = web.Application(middlewares=[guarded], client_max_size=BODY_BYTES_MAX)
    app.add_routes(
        [
            web.get("/", pages.index),
            web.get("/login", login.show),
            web.post("/login", login.enter),
            web.post("/logout", login.leave),
            web.get("/api/session", pages.session),
            web.get("/api/stream", pages.stream),
            web.get("/api/premiums", pages.premiums),
            web.post("/api/kill", pages.kill),
            web.get("/metrics", pages.metrics),
            web.get("/health", pages.health),
            web.static("/static", STATIC),
        ]
    )
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(lambda _app: _reading(hub, broken))
    app.on_shutdown.append(lambda _app: hub.close())
    return app


async def _reading(hub: SectionHub, broken: Callable[[BaseException], None]) -> AsyncIterator[None]:
    reading = asyncio.create_task(hub.run())

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            broken(error)

    reading.add_done_callback(ended)
    yield
    reading.cancel()
    await asyncio.wait([reading])
