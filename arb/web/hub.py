"""Reads the sections, each at its own pace, and hands what is new to every page that is open.

A page gets the newest of each section whenever it is ready for more: a slow one skips, nothing piles up.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import orjson

from arb.domain.errors import ArbError
from arb.domain.market.money import plain
from arb.domain.time import NS_PER_MS
from arb.ports.market import Clock
from arb.web.sections import PageSection

PAGES_MAX: Final = 16
KEEP_ALIVE_S: Final = 10.0


def never_lean() -> bool:
    """Tell that the machine is short of nothing."""
    return False


class SectionHub:
    """The newest of each section as a server-sent event, and the pages that wait for it."""

    def __init__(
        self,
        sections: Iterable[PageSection],
        clock: Clock,
        welcome: Callable[[], Any],
        lean: Callable[[], bool] = never_lean,
    ) -> None:
        self._sections, self._clock, self._welcome, self._lean = tuple(sections), clock, welcome, lean
        self._newest: dict[str, tuple[int, bytes]] = {}
        self._changed = asyncio.Condition()
        self._watched = asyncio.Event()
        self._closed = False
        self.pages = 0

    async def run(self) -> None:
        """Read until cancelled; ends with an error if a reader has a bug."""
        # One thread each: a source that hangs holds up its own section only.
        with ThreadPoolExecutor(len(self._sections), thread_name_prefix="sections") as threads:
            async with asyncio.TaskGroup() as group:
                for section in self._sections:
                    group.create_task(self._repeat(section, threads), name=section.name)

    async def close(self) -> None:
        """End every page's stream."""
        self._closed = True
        async with self._changed:
            self._changed.notify_all()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield server-sent events until the hub closes: at first everything, then what is new."""
        sent: dict[str, int] = {}
        self.pages += 1
        self._watched.set()
        try:
            yield event("history", {"at_ms": self._now_ms(), "data": self._welcome(), "away": None})
            while not self._closed:
                fresh = {name: each for name, each in self._newest.items() if sent.get(name) != each[0]}
                sent |= {name: version for name, (version, _) in fresh.items()}
                yield b"".join(payload for _, payload in fresh.values()) or b": still here\n\n"
                await self._news(sent)
        finally:
            self.pages -= 1
            if self.pages == 0:
                self._watched.clear()

    async def _news(self, sent: dict[str, int]) -> None:
        def is_new() -> bool:
            return self._closed or any(sent.get(name) != each[0] for name, each in self._newest.items())

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(is_new), KEEP_ALIVE_S)
            except TimeoutError:
                return

    async def _repeat(self, section: PageSection, threads: ThreadPoolExecutor) -> None:
        version = 0
        while True:
            await self._due(section, version)
            version += 1
            loop = asyncio.get_running_loop()
            payload, every_ms = await loop.run_in_executor(threads, self._read, section)
            async with self._changed:
                self._newest[section.name] = version, payload
                self._changed.notify_all()
            await asyncio.sleep(every_ms / 1000)

    async def _due(self, section: PageSection, version: int) -> None:
        """Wait until somebody looks, or until it is time for what is read then, too."""
        if not section.unwatched_every_ms:
            await self._watched.wait()
        elif version:
            left_ms = section.unwatched_every_ms - section.every_ms
            with suppress(TimeoutError):
                await asyncio.wait_for(self._watched.wait(), left_ms / 1000)

    def _read(self, section: PageSection) -> tuple[bytes, int]:
        """Return what a section says now, and in how long it is asked again."""
        every_ms = section.every_ms
        if section.lean_every_ms and self._lean():
            every_ms = section.lean_every_ms
        try:
            data, away = section.read(), None
        except ArbError as error:
            data, away = None, told(error)
        document = {"at_ms": self._now_ms(), "data": data, "away": away, "every_ms": every_ms}
        return event(section.name, document | {"less": every_ms > section.every_ms}), every_ms

    def _now_ms(self) -> int:
        return self._clock.now_ns() // NS_PER_MS


def told(error: ArbError) -> str:
    """Return what a page says of a source that is away."""
    return str(error).partition("\n")[0][:200]


def event(name: str, document: Any) -> bytes:
    """Return one server-sent event; amounts are text, exact."""
    return b"event: %s\ndata: %s\n\n" % (
        name.encode(),
        orjson.dumps(document, default=_exact, option=orjson.OPT_NON_STR_KEYS),
    )


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(type(value).__name__)
