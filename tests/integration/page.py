"""A whole stack with its page, for the tests that look at it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from arb.stack.wait import wait_until
from tests.cli.documents import documents
from tests.web.server import Browser

ARB = str(Path(sys.executable).with_name("arb"))
LIMIT_S = 110
# On a busy machine quotes come late and are refused; that must neither end the stack that is looked at nor
# have it leave sections out.
PATIENT = {
    "ARB_WATCHDOG__MAX_SAFETY_REJECTIONS_PER_MINUTE": "100000",
    "ARB_WATCHDOG__MAX_LOOP_LATENCY_MS": "600000",
    "ARB_WATCHDOG__MAX_CANARY_AGE_MS": "600000",
    "ARB_WATCHDOG__MAX_BEAT_AGE_MS": "600000",
    "ARB_WATCHDOG__MAX_LIVE_ERRORS_PER_MINUTE": "1000",
    "ARB_DEGRADATION__LOAD_PCT": "100000,200000,300000",
    "ARB_DEGRADATION__QUEUE_LAG_MS": "600000,700000,800000",
}


@dataclass
class PageStack:
    """One running stack."""

    home: Path
    url: str
    password: str

    def arb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ARB, *arguments],
            env={**os.environ, **PATIENT, "ARB_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ARB, *arguments],
            env={**os.environ, **PATIENT, "ARB_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def status(self) -> dict[str, Any]:
        (found,) = documents(self.arb("status", "--json").stdout)
        return found

    def visitor(self) -> Browser:
        browser = Browser(self)  # type: ignore[arg-type]
        assert browser.log_in(self.password).status == 303
        return browser


def _silent(url: str) -> str | None:
    try:
        return None if urllib3.request("GET", f"{url}/health", retries=False).status == 200 else "no answer"
    except urllib3.exceptions.HTTPError as error:
        return str(error)


@contextmanager
def page_stack(home: Path) -> Iterator[PageStack]:
    """Start a stack for the block; nothing of it is left afterwards."""
    stack = PageStack(home, "", "")
    try:
        started = stack.arb("up")
        assert started.returncode == 0, started.stderr
        status = stack.status()
        stack.url = status["web_url"]
        stack.password = Path(status["web_password_file"]).read_text().strip()
        wait_until(lambda: _silent(stack.url), limit_s=LIMIT_S, what="the page")
        yield stack
    finally:
        ended = stack.arb("down")
        assert ended.returncode in (0, 1, 3), ended.stderr
