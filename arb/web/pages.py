"""The page itself: its files, its stream of events, and its one button."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from arb.domain.errors import ArbError
from arb.web.guard import TICKET, Guard
from arb.web.hub import PAGES_MAX, SectionHub, told
from arb.web.kill import REASON_CHARACTERS_MAX
from arb.web.login import STATIC
from arb.web.recorded import NotTraded
from arb.web.tickets import equal

STREAM_HEADERS: Final = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What a visitor with a ticket can ask for."""

    guard: Guard
    hub: SectionHub
    stop_trading: Callable[[str], str]
    scrape: Callable[[], bytes]
    recorded: Callable[[str, str], Any]
    reader: Executor  # of one thread
    metrics_token: str

    async def index(self, _request: web.Request) -> web.StreamResponse:
        """Answer with the page."""
        return web.FileResponse(STATIC / "index.html")

    async def session(self, request: web.Request) -> web.StreamResponse:
        """Return the token that this ticket's requests have to repeat."""
        token = self.guard.tickets.token(request[TICKET])
        return web.json_response({"token": token, "authentication": self.guard.authentication})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send server-sent events until one of us has enough."""
        if self.hub.pages >= PAGES_MAX:
            raise web.HTTPServiceUnavailable(text="too many pages are open\n", headers={"Retry-After": "10"})
        response = web.StreamResponse(headers=STREAM_HEADERS)
        await response.prepare(request)
        events = self.hub.events()
        try:
            async for payload in events:
                if not self.guard.tickets.valid(request[TICKET]):
                    break
                await response.write(payload)
        except ConnectionResetError:
            return response
        finally:
            await events.aclose()
        return response

    async def premiums(self, request: web.Request) -> web.StreamResponse:
        """Return what is recorded of a coin, on one scale."""
        asked = request.query.get("coin", ""), request.query.get("scale", "")
        try:
            found = await asyncio.get_running_loop().run_in_executor(self.reader, self.recorded, *asked)
        except NotTraded:
            raise web.HTTPNotFound(text="no such coin or scale\n") from None
        except ArbError as error:
            return web.Response(status=503, text=told(error))
        return web.json_response(found)

    async def kill(self, request: web.Request) -> web.StreamResponse:
        """Engage the kill switch with the given reason, and answer what was done."""
        reason = await _reason(request)
        try:
            said = await asyncio.to_thread(self.stop_trading, reason)
        except OSError as error:
            return web.Response(status=503, text=f"the switch cannot be written: {error.strerror}\n")
        return web.json_response({"reason": said})

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Return the metrics to whoever has the scraper's token, or has logged in."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not request[TICKET] and self.guard.authentication and not equal(given, self.metrics_token):
            raise web.HTTPUnauthorized(
                text="a bearer token, please\n", headers={"WWW-Authenticate": "Bearer"}
            )
        text = await asyncio.to_thread(self.scrape)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """Say that the server answers, and nothing else."""
        return web.Response(text="ok\n")


async def _reason(request: web.Request) -> str:
    """Return the reason given, or raise 400."""
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        raise web.HTTPBadRequest(text="the body is not JSON\n") from None
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, str) or not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise web.HTTPBadRequest(text=f"reason: a text of 1 to {REASON_CHARACTERS_MAX} characters\n")
    return " ".join(reason.split())
