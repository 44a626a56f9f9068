"""A page with facts of our own, served for real in a thread, and a client that keeps cookies."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3
from aiohttp import web

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.web.app import make_app, make_guard
from arb.web.hub import SectionHub, never_lean
from arb.web.secrets import Secrets
from arb.web.sections import PageSection
from config.web import WebSettings
from tests.ending import end, listen

PASSWORD = "correct horse"
LOOPBACK = WebSettings(host="127.0.0.1", port=0, authentication=True, session_hours=1)


@dataclass
class Served:
    """One server and what it did."""

    url: str
    hub: SectionHub
    clock: ManualClock
    killed: list[str] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)

    def browser(self) -> "Browser":
        return Browser(self)


@dataclass
class Browser:
    """Sends what a browser sends from a page of that server, unless told otherwise."""

    served: Served
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self._send("GET", path, headers)

    def post(self, path: str, form: dict[str, str] | None = None, body: Any = None, **headers: str):
        own = {"Origin": self.served.url, "Sec-Fetch-Site": "same-origin"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._send("POST", path, {k: v for k, v in {**own, **sent}.items() if v}, form=form, body=body)

    def log_in(self, password: str = PASSWORD, **headers: str) -> urllib3.BaseHTTPResponse:
        page = self.get("/login").data.decode()
        found = re.search(r'name="token" value="([^"]*)"', page)
        assert found
        return self.post("/login", form={"password": password, "token": found[1]}, **headers)

    def token(self) -> str:
        return str(self.get("/api/session").json()["token"])

    def stream(self) -> urllib3.BaseHTTPResponse:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return urllib3.request(
            "GET",
            self.served.url + "/api/stream",
            headers={"Cookie": cookie},
            preload_content=False,
            retries=False,  # a refusal names the pause before the next try, and urllib3 would wait it out
            timeout=5,
        )

    def _send(self, method, path, headers, form=None, body=None) -> urllib3.BaseHTTPResponse:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        options: dict[str, Any] = {}
        if form is not None:
            options = {"body": urlencode(form)}
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        elif body is not None:
            options = {"json": body}
        answer = urllib3.request(
            method,
            self.served.url + path,
            headers={"Cookie": cookie, **headers},
            redirect=False,
            timeout=5,
            **options,
        )
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer


@contextmanager
def serving(
    sections: Sequence[PageSection] = (),
    settings: WebSettings = LOOPBACK,
    kill: Callable[[str], str] | None = None,
    welcome: Callable[[], Any] = dict,
    lean: Callable[[], bool] = never_lean,
    recorded: Callable[[str, str], Any] | None = None,
) -> Iterator[Served]:
    """Serve for the block."""
    clock, entropy = ManualClock(), SeededEntropy(1)
    secrets = Secrets(password=PASSWORD, cookies="key", metrics="scraper")
    ready, holder = threading.Event(), {}

    async def main() -> None:
        hub = SectionHub(
            sections or (PageSection(name="nothing", read=dict, every_ms=50),), clock, welcome, lean
        )
        served = Served(url="", hub=hub, clock=clock)
        app = make_app(
            make_guard(settings, secrets, clock, entropy),
            hub,
            secrets,
            clock,
            entropy,
            kill or (lambda reason: served.killed.append(reason) or reason),
            lambda: b"arb_up 1\n",
            recorded or (lambda *_: {}),
            served.broken.append,
        )
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        door = await listen(runner)
        served.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        stop = asyncio.Event()
        holder.update(served=served, stop=stop, loop=asyncio.get_running_loop())
        ready.set()
        await stop.wait()
        await end(runner, door)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield holder["served"]
    finally:
        holder["loop"].call_soon_threadsafe(holder["stop"].set)
        thread.join(10)
        assert not thread.is_alive()
