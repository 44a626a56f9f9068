"""The feed workers of a stack that something is done to: killed and kept away, frozen, watched."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import psutil

from arb.app.wiring import Engine
from arb.chaos.kept_away import is_kept_away
from arb.chaos.scenario_result import Failed
from arb.domain.errors import StoreUnavailable
from arb.domain.health.assignment import Assignment, WorkerHealth
from arb.domain.market.ids import Coin, coin_of
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import keys_of
from arb.stack.control import Supervisor
from arb.stack.home import Home
from arb.stack.signals import descendants, send

PAUSE_MS: Final = 50
AWAY_S_MAX: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedWorkers:
    """Looks at the registry and the books, and does things to processes."""

    engine: Engine
    home: Home

    @property
    def coins(self) -> tuple[Coin, ...]:
        """Return the coins that are traded."""
        return tuple(Coin(coin) for coin in self.engine.settings.traded)

    def assignment(self) -> Assignment:
        """Return the assignment in force. Raises: StoreUnavailable."""
        return self.engine.stores.feeds.read()[0].assignment

    def fed_by(self, *workers: str) -> Mapping[Coin, int]:
        """Return the fences of the coins that these workers own in their present lives."""
        roster, _ = self.engine.stores.feeds.read()
        fences: dict[Coin, int] = {}
        for worker in workers:
            if worker in roster.beats:
                fences |= roster.assignment.fences_of(worker, roster.beats[worker].incarnation)
        return fences

    def healthy(self) -> set[str]:
        """Return the workers that the leader finds healthy."""
        return {
            name
            for name, health in self.engine.stores.feeds.read()[1].items()
            if health is WorkerHealth.HEALTHY
        }

    def quoted_by(self, *workers: str) -> bool:
        """Tell whether these workers own every coin, and every book is theirs."""
        fences = self.fed_by(*workers)
        books = self.engine.quotes.get(keys_of(self.engine.markets.pair, self.coins))
        return len(books) == len(keys_of(self.engine.markets.pair, self.coins)) and all(
            book.fence == fences.get(coin_of(symbol)) for (_, symbol), book in books.items()
        )

    def spread_over(self, workers: Sequence[str]) -> bool:
        """Tell whether all of these are healthy, have their share and send books."""
        shares = [len(self.fed_by(worker)) for worker in workers]
        even = max(shares) - min(shares) <= 1
        return set(workers) <= self.healthy() and even and self.quoted_by(*workers)

    def wait(self, what: str, there: Callable[[], bool], limit_s: float) -> float:
        """Return after how many seconds it was there. Raises: Failed."""
        clock, began_ns = self.engine.clock, self.engine.clock.now_ns()
        while (waited_s := (clock.now_ns() - began_ns) / NS_PER_S) < limit_s:
            try:
                if there():
                    return waited_s
            except StoreUnavailable:
                pass
            clock.sleep_ms(PAUSE_MS)
        raise Failed(f"no sign of {what} within {limit_s:.0f} s", limit_s)

    @contextmanager
    def killed(self, *workers: str) -> Iterator[None]:
        """Kill -9 workers at once and keep their supervisor from starting them until the end."""
        supervisor = Supervisor(self.home)
        for worker in workers:
            self._kill(worker)
        for worker in workers:
            gone = partial(is_kept_away, supervisor, worker, self._kill)
            self.wait(f"the end of {worker}", gone, AWAY_S_MAX)
        try:
            yield
        finally:
            for worker in workers:
                supervisor.start(worker)

    @contextmanager
    def frozen(self, worker: str) -> Iterator[None]:
        """Stop a worker where it stands, and let it go on at the end."""
        family = self._family(worker)
        for process in family:
            send(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in family:
                send(process, signal.SIGCONT)

    def counted(self) -> dict[str, int]:
        """Return how much of zombies was refused, by whom."""
        counts: Mapping[str, Mapping[str, Any]] = self.engine.counters.read()
        return {
            "writes": int(counts.get("feed_flushes", {}).get("fenced", 0)),
            "freezes": int(counts.get("feed_flushes", {}).get("frozen", 0)),
            "quotes": int(counts.get("quotes_refused", {}).get("fenced", 0)),
        }

    def _kill(self, worker: str) -> None:
        for process in self._family(worker):
            send(process, signal.SIGKILL)

    def _family(self, worker: str) -> list[psutil.Process]:
        pid = Supervisor(self.home).status(worker).pid
        if pid is None:
            return []
        return descendants(pid)
