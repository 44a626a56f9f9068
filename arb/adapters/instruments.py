"""The venues' live rules, read once and refreshed; the last good ones stay while a venue is away."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from arb.domain.errors import VenueError
from arb.domain.ids import Coin, Symbol, Venue
from arb.domain.instrument import Instrument
from arb.ports import Clock, VenueClient

REFRESH_NS: Final = 300 * 1_000_000_000  # warnings and price bands change while we trade
RETRY_NS: Final = 5 * 1_000_000_000

Key = tuple[Venue, Symbol]


class LiveInstruments(Mapping[Key, Instrument]):
    """Rules by venue and symbol, fetched when first asked for. Safe between threads."""

    def __init__(self, venues: Mapping[Venue, VenueClient], coins: Sequence[Coin], clock: Clock) -> None:
        self._venues, self._coins, self._clock = venues, tuple(coins), clock
        self._rules: dict[Key, Instrument] = {}
        self._due_ns: dict[Venue, int] = dict.fromkeys(venues, 0)
        self._lock = threading.Lock()

    def expire(self) -> None:
        """Have the rules fetched anew when they are next asked for; the last ones stay until then."""
        with self._lock:
            self._due_ns = dict.fromkeys(self._due_ns, 0)

    def __getitem__(self, key: Key) -> Instrument:
        self._refresh()
        return self._rules[key]

    def __iter__(self) -> Iterator[Key]:
        self._refresh()
        return iter(tuple(self._rules))

    def __len__(self) -> int:
        self._refresh()
        return len(self._rules)

    def _refresh(self) -> None:
        """Fetch what is due. A venue that cannot be asked keeps its last rules, or has none yet."""
        now_ns = self._clock.now_ns()
        with self._lock:
            for venue in [venue for venue, due_ns in self._due_ns.items() if now_ns >= due_ns]:
                try:
                    found = self._venues[venue].instruments(self._coins)
                except VenueError:
                    self._due_ns[venue] = now_ns + RETRY_NS
                    continue
                self._rules.update({(venue, rule.symbol): rule for rule in found})
                self._due_ns[venue] = now_ns + REFRESH_NS
