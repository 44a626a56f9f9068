"""Fetching candles: market by market, month by month, and on from where the last fetch ended."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from arb.backtest.history.candle_archive import CandleArchive, Fetched, month_of, next_month
from arb.domain.errors import Rejected, Retryable
from arb.domain.market.candle import Candle
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.pair import Pair
from arb.engine.market.markets import keys_of
from arb.ports.market import Clock
from arb.venues.registry import FACTS
from arb.venues.request import HttpRequest

PAGES_AT_ONCE: Final = 20  # that are written together: what a kill costs at most
TRIES_MAX: Final = 8
WAIT_MS_FIRST, WAIT_MS_MAX = 500, 30_000
ROOM_MS_MAX: Final = 60_000  # that a page may wait for its venue's limit
Told = Callable[[str, int], None]  # of which market, how many seconds of it


class Asks(Protocol):
    """A way to a venue."""

    def ask(
        self, request: HttpRequest, parser: Callable[[object], tuple[Candle, ...]], wait_ms_max: int
    ) -> tuple[Candle, ...]:
        """Send one request. Raises: VenueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleRequest:
    """What is to be there afterwards."""

    markets: tuple[tuple[Venue, Symbol], ...]
    from_s: int
    to_s: int
    interval_s: int


def markets_of(pair: Pair, coins: tuple[Coin, ...]) -> tuple[tuple[Venue, Symbol], ...]:
    """Return what a replay of coins needs: the rate, and each coin on both venues."""
    return keys_of(pair, coins)


@dataclass(slots=True, kw_only=True)
class Fetch:
    """One run of `arb data fetch`: what is missing is asked for and stored."""

    archive: CandleArchive
    gateways: Mapping[Venue, Asks]
    clock: Clock
    told: Told
    _answered: bool = False

    def run(self, wanted: CandleRequest) -> None:
        """Fetch what is not there yet. Raises: VenueError."""
        for venue, symbol in wanted.markets:
            month_s = month_of(wanted.from_s)
            while month_s < wanted.to_s:
                until_s = min(next_month(month_s), wanted.to_s)
                self._month(venue, symbol, max(month_s, wanted.from_s), until_s, wanted.interval_s)
                month_s = next_month(month_s)

    def _month(self, venue: Venue, symbol: Symbol, from_s: int, to_s: int, interval_s: int) -> None:
        path, name = self.archive.path(venue, symbol, month_of(from_s)), f"{venue} {symbol}"
        known = self.archive.fetched(path)
        begins_s, rows = from_s, {}
        if known is not None and known.interval_s == interval_s and known.from_s <= from_s <= known.to_s:
            begins_s, rows = known.to_s, self.archive.read(path)
            from_s = known.from_s
        self.told(name, max(0, min(begins_s, to_s) - from_s))
        for until_s, candles in self._pages(venue, symbol, begins_s, to_s, interval_s):
            fetched = Fetched(from_s=from_s, to_s=until_s, interval_s=interval_s)
            self.archive.add(path, candles, fetched, rows)
            self.told(name, until_s - begins_s)
            begins_s = until_s

    def _pages(
        self, venue: Venue, symbol: Symbol, from_s: int, to_s: int, interval_s: int
    ) -> Iterator[tuple[int, list[Candle]]]:
        """Yield how far it is, and the candles up to there, some pages at once."""
        past, at_s = FACTS[venue].past, from_s
        while at_s < to_s:
            found: list[Candle] = []
            for _ in range(PAGES_AT_ONCE):
                until_s = min(to_s, at_s + past.rows_max * interval_s)
                page = self._ask(venue, past.request(symbol, interval_s, at_s, until_s))
                if any(each.begins_s >= until_s for each in page):  # the rest would look like a hole
                    raise Rejected(venue, f"{symbol}: candles from after the time that was asked for")
                found += [each for each in page if at_s <= each.begins_s < until_s]
                at_s = until_s
                if at_s >= to_s:
                    break
            yield at_s, found

    def _ask(self, venue: Venue, request: HttpRequest) -> tuple[Candle, ...]:
        """Ask for a page; a venue that has answered before is asked again after a while if it does not."""
        wait_ms = WAIT_MS_FIRST
        for tried in range(1, TRIES_MAX + 1):
            try:
                found = self.gateways[venue].ask(request, FACTS[venue].past.candles, ROOM_MS_MAX)
            except Retryable as error:
                if tried == TRIES_MAX or not self._answered:
                    raise
                self.clock.sleep_ms(max(wait_ms, error.retry_after_ms))
                wait_ms = min(2 * wait_ms, WAIT_MS_MAX)
            else:
                self._answered = True
                return found
        raise AssertionError("unreachable")
