"""Logging in and out: a form, a password compared in constant time, and a limit on wrong ones."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web

from arb.ports.market import Entropy
from arb.web.guard import COOKIE, TICKET, Guard
from arb.web.throttle import Throttle
from arb.web.tickets import NONCE_BITS, equal

FORM_COOKIE: Final = "arb_form"
STATIC: Final = Path(__file__).with_name("static")
WRONG: Final = "login.wrong"  # keys of static/words.js
STALE: Final = "login.stale"
WAIT: Final = "login.wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The form and what it leads to."""

    guard: Guard
    throttle: Throttle
    entropy: Entropy
    password: str

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with the login form, or with the page where no login is needed."""
        if request[TICKET] or not self.guard.authentication:
            raise web.HTTPSeeOther("/")
        return self._form()

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Check the password and give out a ticket."""
        address = self.guard.visitor(request)
        wait_s = self.throttle.wait_s(address)
        if wait_s:
            response = self._form(WAIT, status=429, wait_s=wait_s)
            response.headers["Retry-After"] = str(wait_s)
            return response
        given = await request.post()
        seed = request.cookies.get(FORM_COOKIE, "")
        if not seed or not self.guard.tickets.is_token(seed, _text(given.get("token"))):
            return self._form(STALE, status=403)
        if not equal(_text(given.get("password")), self.password):
            self.throttle.failed(address)
            return self._form(WRONG, status=401)
        entered = web.HTTPSeeOther("/")
        self.guard.admit(entered)
        entered.del_cookie(FORM_COOKIE, path="/login")
        raise entered

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Log out: revoke the ticket and delete the cookie."""
        self.guard.tickets.revoke(request[TICKET])
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/")
        return response

    def _form(self, message: str = "", status: int = 200, wait_s: int = 0) -> web.Response:
        seed = f"{self.entropy.bits(NONCE_BITS):032x}"
        page = (STATIC / "login.html").read_text(encoding="utf-8")
        filled = {"token": self.guard.tickets.token(seed), "message": message, "seconds": str(wait_s)}
        for name, value in filled.items():
            page = page.replace(f"{{{{{name}}}}}", escape(value))
        response = web.Response(text=page, content_type="text/html", status=status)
        response.set_cookie(
            FORM_COOKIE, seed, path="/login", httponly=True, samesite="Strict", secure=self.guard.secure
        )
        return response


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
