"""Staying within a venue's limits before it says so, and out of its way once it did.

Each group keeps the requests of its last period: however the venue's own windows lie, none of them holds
more than the limit (a bucket that refills lets twice as much through). What the venue's headers report on
top (other processes, other machines) counts as sent now. Safe between threads; waiting is bounded.

A group may be shared: all processes that send take its room from one count. While that is away each of them
has its share of the limit, so that all of them together stay within it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from arb.domain.errors import RateLimited, StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.ports.market import Clock
from arb.venues.errors import PAUSE_MS_MAX
from arb.venues.request import LimitUsage

STRIKES_MAX: Final = 10
# That send orders at once: the workers of orders, of evaluation and of the fallback queue, and one by hand.
SENDING_PROCESSES: Final = 4
NOTHING_SHARED: Final[Mapping[str, "SharedCount"]] = MappingProxyType({})
AWAY_NS: Final = (
    1_000_000_000  # a count that was away is not asked again so soon: orders must not wait for it
)
ALL: Final = None  # the scope of a pause that is for every group


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` of weight in any `period_ms`."""

    count: int
    period_ms: int

    @property
    def share(self) -> "Limit":
        """Return what one of several processes may send that do not hear of each other."""
        return Limit(count=max(1, self.count // SENDING_PROCESSES), period_ms=self.period_ms)


class SharedCount(Protocol):
    """What all processes together sent in one group."""

    def take(self) -> int:
        """Return 0 where there is room, taken for one request now; else how many ns until there is.

        Raises: StoreUnavailable; then it may have been taken all the same.
        """


Share = Callable[[str, Limit], Mapping[str, SharedCount]]  # of a group and its limit: what counts it for all


def not_shared(_group: str, _limit: Limit) -> Mapping[str, SharedCount]:
    """Return that each process counts for itself."""
    return NOTHING_SHARED


class _Window:
    """What was spent in the last period."""

    def __init__(self, limit: Limit) -> None:
        self._count = limit.count
        self._period_ns = limit.period_ms * NS_PER_MS
        self._spent: deque[tuple[int, int]] = deque()  # (when, weight)
        self._used = 0

    def wait_ns(self, weight: int, now_ns: int) -> int:
        """Return how long until `weight` fits; a whole period if it never does."""
        self._forget(now_ns)
        excess = self._used + weight - self._count
        if excess <= 0:
            return 0
        for spent_ns, spent in self._spent:
            excess -= spent
            if excess <= 0:
                return spent_ns + self._period_ns - now_ns
        return self._period_ns

    def spend(self, weight: int, now_ns: int) -> None:
        """Count a request's weight within the window."""
        self._spent.append((now_ns, weight))
        self._used += weight

    def observe(self, usage: LimitUsage, now_ns: int) -> None:
        """Count what others spent, by the venue's own figure."""
        self._forget(now_ns)
        used = usage.used if usage.used is not None else self._count - (usage.left or 0)
        if used > self._used:
            self.spend(used - self._used, now_ns)

    def _forget(self, now_ns: int) -> None:
        """Drop what is older than a period."""
        while self._spent and now_ns - self._spent[0][0] >= self._period_ns:
            self._used -= self._spent.popleft()[1]


@dataclass(slots=True)
class _Pause:
    """Until when a group is left alone, and how often in a row that was asked for."""

    until_ns: int = 0
    strikes: int = 0


class RateLimiter:
    """The limits of one venue. Each request costs 1 of its group and its weight of the `pool`, if any."""

    def __init__(
        self,
        venue: Venue,
        limits: Mapping[str, Limit],
        clock: Clock,
        *,
        pool: str = "",
        shared: Mapping[str, SharedCount] = NOTHING_SHARED,
    ) -> None:
        self._venue, self._clock, self._pool = venue, clock, pool
        self._windows = {name: _Window(limit) for name, limit in limits.items()}
        self._shared = shared
        self._shares = {name: _Window(limits[name].share) for name in shared}
        self._away_until_ns = 0
        self._pauses: dict[str | None, _Pause] = {}
        self._lock = threading.Lock()

    def acquire(self, group: str, weight: int, wait_ms_max: int) -> None:
        """Wait for room and take it. Raises: RateLimited if that would take longer than `wait_ms_max`."""
        deadline_ns = self._clock.steady_ns() + wait_ms_max * NS_PER_MS
        while True:
            now_ns = self._clock.steady_ns()
            wait_ns = self._take(group, weight, now_ns)
            if wait_ns <= 0:
                return
            wait_ms = -(-wait_ns // NS_PER_MS)
            if now_ns + wait_ns > deadline_ns:
                raise RateLimited(
                    self._venue, f"{group or 'request'}: no room within {wait_ms_max} ms", wait_ms
                )
            self._clock.sleep_ms(wait_ms)

    def _take(self, group: str, weight: int, now_ns: int) -> int:
        """Take room and return 0, or return how long until there is some."""
        with self._lock:
            wait_ns = self._wait_ns(group, weight, now_ns)
            if wait_ns > 0:
                return wait_ns
            if group not in self._shared:
                self._spend(group, weight, now_ns)
                return 0
        wait_ns = self._take_of_all(group, now_ns)  # unlocked: a count that hangs must not hold up others
        with self._lock:
            if wait_ns <= 0:
                self._spend(group, weight, now_ns)
        return wait_ns

    def _take_of_all(self, group: str, now_ns: int) -> int:
        """Do the same with what all processes share, or with our share of it while that is away."""
        share = self._shares[group]
        if now_ns >= self._away_until_ns:
            try:
                wait_ns = self._shared[group].take()
            except StoreUnavailable:
                self._away_until_ns = self._clock.steady_ns() + AWAY_NS
            else:
                with self._lock:
                    if wait_ns <= 0:
                        share.spend(1, now_ns)
                return wait_ns
        with self._lock:
            wait_ns = share.wait_ns(1, now_ns)
            if wait_ns <= 0:
                share.spend(1, now_ns)
            return wait_ns

    def observe(self, usages: Iterable[LimitUsage]) -> None:
        """Take over what a reply said of the limits."""
        with self._lock:
            for usage in usages:
                if window := self._windows.get(usage.group):
                    window.observe(usage, self._clock.steady_ns())

    def pause(self, scope: str | None, duration_ms: int) -> None:
        """Leave a group, or `ALL`, alone; each rejection after a pause doubles the next one."""
        with self._lock:
            now_ns = self._clock.steady_ns()
            pause = self._pauses.setdefault(scope, _Pause())
            grown_ms = min(duration_ms << min(pause.strikes, STRIKES_MAX), PAUSE_MS_MAX)
            if now_ns >= pause.until_ns:  # else it is a reply to what was already on its way
                pause.strikes += 1
            else:
                grown_ms = duration_ms
            pause.until_ns = max(pause.until_ns, now_ns + grown_ms * NS_PER_MS)

    def rest(self, scope: str | None, duration_ms: int) -> None:
        """Leave a group, or `ALL`, alone for as long as a venue in trouble says; no strike of ours."""
        with self._lock:
            pause = self._pauses.setdefault(scope, _Pause())
            until_ns = self._clock.steady_ns() + min(duration_ms, PAUSE_MS_MAX) * NS_PER_MS
            pause.until_ns = max(pause.until_ns, until_ns)

    def calm(self, group: str) -> None:
        """The venue served a request: start over with short pauses."""
        with self._lock:
            for scope in (group, ALL):
                if pause := self._pauses.get(scope):
                    pause.strikes = 0

    def _wait_ns(self, group: str, weight: int, now_ns: int) -> int:
        pauses = (self._pauses[scope].until_ns - now_ns for scope in (group, ALL) if scope in self._pauses)
        rooms = (window.wait_ns(cost, now_ns) for window, cost in self._charges(group, weight))
        return max(0, *pauses, *rooms, 0)

    def _spend(self, group: str, weight: int, now_ns: int) -> None:
        for window, cost in self._charges(group, weight):
            window.spend(cost, now_ns)

    def _charges(self, group: str, weight: int) -> list[tuple[_Window, int]]:
        costs = ((group, 1), (self._pool, weight))
        return [(self._windows[name], cost) for name, cost in costs if name in self._windows]
