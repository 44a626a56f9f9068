"""Replays recorded BTC frames, with the time at which they are sent, and keeps the book that orders match.

At a numeric speed the tape starts at the epoch; a process that starts later joins at the present
place. At speed "max" it starts with the first subscriber and waits for all of them every few
frames. At its end the last book stays.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import orjson
from aiohttp import web

from arb.domain.time import NS_PER_S
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.hub import StreamHub
from arb.sim.binance.local_book import LocalBook
from arb.sim.binance.publisher import BookPublisher
from arb.sim.binance.wire import milliseconds
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.tape import TAPE_COIN, TapeFrame, read_frames

PREFIX: Final = b'{"stream":"'
MIDDLE: Final = b'","data":'
LEVELS: Final = 30
EVENT_TIME: Final = re.compile(rb'"E": *\d+')  # that of the recording would be late by years
FRAMES_PER_WAIT: Final = 128
IDLE_S: Final = 0.02


class TapeReplay:
    """Sends a recorded tape to whoever listens."""

    def __init__(
        self,
        context: VenueContext,
        exchange: Exchange,
        books: PublishedBooks,
        hub: StreamHub,
        publisher: BookPublisher,
    ) -> None:
        self._context = context
        self._exchange = exchange
        self._books = books
        self._hub = hub
        self._publisher = publisher
        self._frames = read_frames(Path(context.config.tape or ""))
        first = next(frame for frame in self._frames if not frame.raw.startswith(PREFIX))
        self._book = LocalBook(orjson.loads(first.raw))
        self._shown_ns = 0

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Play while the application lives."""
        self._show()
        task = asyncio.get_running_loop().create_task(self._play())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _play(self) -> None:
        speed = self._context.config.speed_factor()
        if speed is None:
            await self._play_unhurried()
            return
        begin_ns = self._frames[0].recv_ns
        epoch_ns, factor = self._context.config.epoch_ns, float(speed)
        joined_ns = self._context.clock.now_ns()
        for frame in self._frames:
            due_ns = epoch_ns + int((frame.recv_ns - begin_ns) / factor)
            ahead_ns = due_ns - self._context.clock.now_ns()
            if ahead_ns > 0:
                await asyncio.sleep(ahead_ns / NS_PER_S)
            self._pass_on(frame, heard=due_ns >= joined_ns)
        self._show()

    async def _play_unhurried(self) -> None:
        while not self._hub.everybody():
            await asyncio.sleep(IDLE_S)
        for count, frame in enumerate(self._frames, start=1):
            self._pass_on(frame, heard=True)
            if count % FRAMES_PER_WAIT == 0:
                for listener in self._hub.everybody():
                    await listener.outbox.emptied()
        self._show()

    def _pass_on(self, frame: TapeFrame, *, heard: bool) -> None:
        """Send one frame, and apply it if it is a depth diff."""
        if not frame.raw.startswith(PREFIX):
            return
        name, _, rest = frame.raw[len(PREFIX) :].partition(MIDDLE)
        stream = name.decode()
        if heard and self._hub.wants(stream):
            event = b'"E":%d' % milliseconds(self._context.now_ns())
            self._hub.publish(stream, lambda: EVENT_TIME.sub(event, rest[:-1], count=1))
        if b"@depth" in name:
            self._book.apply(orjson.loads(rest[:-1]))
            self._show_if_due()

    def _show_if_due(self) -> None:
        now_ns = self._context.clock.now_ns()
        if now_ns - self._shown_ns >= self._context.market.step_ns // 2:
            self._shown_ns = now_ns
            self._show()

    def _show(self) -> None:
        """Let orders meet the present book, and publish its partial form."""
        book = self._book.top(LEVELS)
        self._exchange.put_books({TAPE_COIN: book})
        self._books.follow(TAPE_COIN, self._book.update_id)
        self._publisher.partial_books(TAPE_COIN, self._book.update_id, book)
        self._exchange.match_resting([TAPE_COIN])
