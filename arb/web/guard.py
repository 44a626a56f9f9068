"""What every request passes: whose host it names, where it comes from, who sends it, and our headers.

Against DNS rebinding the Host has to be one of ours. Against other sites, which a browser lets send but
not read, a request that changes something must say that it comes from us and repeat the token of its
ticket; the cookie is SameSite=Strict besides.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from arb.web.tickets import Tickets
from arb.web.visitor import Network, visitor_of

COOKIE: Final = "arb_desk"
TOKEN_HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD"})
OPEN: Final = frozenset({"/login", "/health", "/metrics"})  # these check for themselves
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TICKET: Final = web.RequestKey("ticket", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The rules of one server."""

    tickets: Tickets
    authentication: bool
    hosts: frozenset[str]  # names that a request may be for, without the port
    any_address: bool  # or any numeric address, which no DNS answer can forge
    secure: bool  # it is shown over HTTPS
    proxies: tuple[Network, ...]  # through which it is shown

    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through, or refuse it."""
        if not self._answers_to(hostname(request.headers.get("Host", ""))):
            raise web.HTTPMisdirectedRequest(text="this server does not answer to that name\n")
        ticket = request.cookies.get(COOKIE, "")
        known = self.tickets.valid(ticket)
        request[TICKET] = ticket if known else ""
        if request.method not in SAFE and not self._from_us(request.headers):
            raise web.HTTPForbidden(text="refused: not sent by this page\n")
        if request.path in OPEN or request.path.startswith("/static/"):
            return await handler(request)
        if known:
            self._check_token(request)
            return await handler(request)
        if self.authentication:
            if request.path == "/":
                raise web.HTTPSeeOther("/login")
            raise web.HTTPUnauthorized(text="log in first\n")
        return await self._admitted(request, handler)

    def visitor(self, request: web.Request) -> str:
        """Return whom wrong passwords are counted for."""
        return visitor_of(request, self.proxies)

    def admit(self, response: web.StreamResponse) -> None:
        """Set a new ticket as the response's cookie."""
        response.set_cookie(
            COOKIE,
            self.tickets.issue(),
            max_age=self.tickets.lifetime_ns // 1_000_000_000,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self.secure,
        )

    async def _admitted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Without authentication everybody gets a ticket on arrival: the token needs one."""
        if request.path != "/":
            raise web.HTTPUnauthorized(text="open the page first\n")
        response = await handler(request)
        self.admit(response)
        return response

    def _answers_to(self, name: str) -> bool:
        return name in self.hosts or (self.any_address and _is_address(name))

    def _check_token(self, request: web.Request) -> None:
        if request.method in SAFE:
            return
        if not self.tickets.is_token(request[TICKET], request.headers.get(TOKEN_HEADER, "")):
            raise web.HTTPForbidden(text="refused: the token is missing or wrong\n")

    def _from_us(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a browser says that this request comes from a page of ours; silence is a no."""
        site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
        if site is None and origin is None:
            return False
        return site in (None, "same-origin") and (origin is None or self._is_ours(origin, headers))

    def _is_ours(self, origin: str, headers: Mapping[str, str]) -> bool:
        parts = urlsplit(origin)
        host = headers.get("Host", "")
        return parts.scheme in ("http", "https") and parts.netloc == host


def hostname(host: str) -> str:
    """Return a Host header's name without the port; nothing if it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put our headers on every answer, errors included."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "arb"
