"""The venues' live rules, read once and refreshed; the last good ones stay while a venue is away.

A market whose row is odd keeps its last good ones, too, only to close by: nothing new is opened there.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import structlog

from arb.domain.errors import VenueError
from arb.domain.market.ids import USDT, Coin, Symbol, Venue, coin_of
from arb.domain.market.instrument import Instrument
from arb.domain.market.listing import UNNAMED, Listing
from arb.engine.market.bars import Bars, NoBars
from arb.engine.market.rules import GAP_NS, REFRESH_NS, WatchRules
from arb.ports.market import Clock
from arb.ports.trading import VenueClient

Key = tuple[Venue, Symbol]
OFF_LIST: Final = "its coin is not in the list"
log = structlog.get_logger("arb.rules")


class LiveInstruments(Mapping[Key, Instrument]):
    """Rules by venue and symbol, fetched when first asked for. Safe between threads."""

    def __init__(
        self,
        venues: Mapping[Venue, VenueClient],
        coins: Sequence[Coin],
        clock: Clock,
        watch: WatchRules,
        bars: Bars | None = None,
    ) -> None:
        self._venues, self._listed = venues, frozenset({*coins, USDT})
        self._wanted = self._listed  # and whatever else somebody asks for
        self._clock, self._watch, self._bars = clock, watch, bars or NoBars()
        self._rules: dict[Key, Instrument] = {}
        self._due_ns = dict.fromkeys(venues, 0)  # by the steady clock, and so is the next
        self._free_ns = dict.fromkeys(venues, 0)  # before this not even what expired is read again
        self._asked_ns = dict.fromkeys(venues, 0)  # when the last reading began
        self._expired_ns = dict.fromkeys(venues, 0)  # what was asked for before this is too old
        self._troubles: dict[Venue, VenueError] = {}  # of the last reading
        self._expiring, self._reading = threading.Lock(), threading.Lock()

    def expire(self, venue: Venue, at_ns: int) -> None:
        """Have a venue's rules read anew when they are next asked for, unless they were since `at_ns`.

        The last ones stay until then. Never waits, not even for a reading that is going on.
        """
        with self._expiring:
            self._expired_ns[venue] = max(self._expired_ns[venue], at_ns)

    def trouble(self, venue: Venue) -> VenueError | None:
        """Return why a venue's rules could not be read the last time, None if they were."""
        self._refresh()
        return self._troubles.get(venue)

    def __getitem__(self, key: Key) -> Instrument:
        self._want(coin_of(key[1]))
        self._refresh()
        return self._rules[key]

    def __iter__(self) -> Iterator[Key]:
        self._refresh()
        return iter(tuple(self._rules))

    def __len__(self) -> int:
        self._refresh()
        return len(self._rules)

    def trade(self, coins: Sequence[Coin]) -> None:
        """Have these coins in the list, and no others: what is open of those is closed by their rules."""
        with self._reading:
            self._listed = frozenset({*coins, USDT})
            self._wanted = self._wanted | self._listed
            self._watch.coins = (*coins, *sorted(self._wanted - self._listed))
            self._due_ns = dict.fromkeys(self._venues, 0)

    def bar(self, venue: Venue, symbol: Symbol, reason: str) -> None:
        """Have nothing sent to a market from now on, in this process; the others read of it."""
        with self._reading:
            if (rule := self._rules.get((venue, symbol))) is not None:
                self._rules = {**self._rules, (venue, symbol): _barred(rule, reason)}

    def _want(self, coin: Coin) -> None:
        """Read the rules of a coin that is off the list, too: what is open of it is closed by them."""
        if coin in self._wanted:
            return
        with self._reading:
            self._wanted = frozenset({*self._wanted, coin})
            self._watch.also(coin)
            self._due_ns = dict.fromkeys(self._venues, 0)

    def _refresh(self) -> None:
        """Fetch what is due."""
        steady_ns = self._clock.steady_ns()
        with self._reading:
            for venue in self._venues:
                if self._is_due(venue, steady_ns):
                    self._read(venue, steady_ns)

    def _is_due(self, venue: Venue, steady_ns: int) -> bool:
        is_expired = self._expired_ns[venue] >= self._asked_ns[venue]
        return steady_ns >= (self._free_ns if is_expired else self._due_ns)[venue]

    def _read(self, venue: Venue, steady_ns: int) -> None:
        """Replace a venue's rules: what it does not list any more has none. Where it is away, they stay."""
        now_ns = self._clock.now_ns()
        self._asked_ns[venue] = now_ns
        self._free_ns[venue] = self._due_ns[venue] = steady_ns + GAP_NS
        try:
            found = self._venues[venue].instruments(sorted(self._wanted - {USDT}))
        except VenueError as error:
            log.warning("rules_unread", venue=venue.value, cause=type(error).__name__, error=str(error))
            self._troubles[venue] = error
            self._watch.unread(venue, error, now_ns)
            return
        self._troubles.pop(venue, None)
        kept, barred = self._kept(venue, found), self._bars.read(now_ns)
        others = {key: rule for key, rule in self._rules.items() if key[0] != venue}
        told = {(venue, rule.symbol): self._marked(rule) for rule in found}
        self._rules = others | {
            key: _barred(rule, barred[key]) if key in barred else rule for key, rule in (kept | told).items()
        }
        self._watch.read(venue, found, {symbol for _, symbol in kept}, now_ns)
        self._due_ns[venue] = steady_ns + REFRESH_NS

    def _marked(self, rule: Instrument) -> Instrument:
        return rule if rule.base in self._listed else replace(rule, closing_only=OFF_LIST)

    def _kept(self, venue: Venue, found: Listing) -> dict[Key, Instrument]:
        """Return the last good rules of markets whose rows are odd, by which what is open is closed.

        Where it cannot be told which market an odd row is about, it may be any that is missing.
        """
        told = {rule.symbol for rule in found}
        odd = {each.symbol: each for each in found.odd}
        unnamed = odd.get(UNNAMED)
        return {
            key: replace(rule, closing_only=str(why))
            for key, rule in self._rules.items()
            if key[0] == venue and key[1] not in told and (why := odd.get(key[1], unnamed)) is not None
        }


def _barred(rule: Instrument, reason: str) -> Instrument:
    return replace(rule, tradable=False, closing_only=reason)
