"""Waiting until the processes that just started are at work: queues that are consumed, quotes that come.

One coin is enough to begin. Those that a venue does not list or does not quote are left out and alarmed; they
are fed all the same, and taken in when they are quoted. Who waits says every few seconds for what.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from arb.app.listing import in_words, some
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError, DispatchError, Fatal, StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.queues import EVALUATE, ORDERS
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.markets import keys_of, shown_rate, symbol_on
from arb.stack.errors import TookTooLong
from arb.stack.shutdown import Progress

LIMIT_S: Final = 120  # a loaded machine takes a minute to import a worker
CANARY_MS: Final = 2_000
PAUSE_MS: Final = 100
TELL_NS: Final = 10 * NS_PER_S
# After the first coin is quoted on both venues: a subscription answers with all its books within a second or
# two, and a feed that just started may have to connect once more.
OTHERS_NS: Final = 15 * NS_PER_S
TRADING: Final = (ORDERS, EVALUATE)  # the queues without which nothing is traded


@dataclass(slots=True, kw_only=True)
class _Wait:
    """One wait for a stack that just started."""

    engine: Engine
    queues: Sequence[str]
    watch: Callable[[], None]  # may raise to end it
    progress: Progress
    began_ns: int
    _sent_ns: int = 0
    _told_ns: int = 0
    _first_ns: int = 0  # when the first coin was quoted on both venues

    def run(self) -> None:
        """Return when tasks come through the queues and coins have their books.

        Raises: TookTooLong, ConfigError where nothing is left to trade or a venue rejects the keys.
        """
        self._told_ns = self.began_ns
        while missing := self._missing():
            now_ns = self.engine.clock.now_ns()
            if now_ns - self.began_ns > LIMIT_S * NS_PER_S:
                raise TookTooLong("getting ready", LIMIT_S, missing)
            if now_ns - self._told_ns > TELL_NS:
                self._told_ns = now_ns
                self.progress(f"still waiting after {(now_ns - self.began_ns) // NS_PER_S} s: {missing}")
            if now_ns - self._sent_ns > CANARY_MS * NS_PER_MS:
                self._sent_ns = now_ns
                self.watch()
                _send_canaries(self.engine, self.queues, now_ns)
            self.engine.clock.sleep_ms(PAUSE_MS)

    def _missing(self) -> str:
        """Return what is not at work yet; empty if enough is."""
        try:
            answers = self.engine.stores.canaries.read()
        except StoreUnavailable as error:
            return str(error)
        idle = [
            queue for queue in self.queues if int(answers.get(queue, {}).get("at_ns", "0")) < self.began_ns
        ]
        if idle:
            return f"nobody works on {', '.join(idle)}"
        try:
            return self._unquoted()
        except StoreUnavailable as error:
            return str(error)

    def _unquoted(self) -> str:
        coins = tuple(Coin(coin) for coin in self.engine.settings.traded)
        listed, unlisted = self._listed(coins)
        if not listed:
            raise ConfigError(f"coins: nothing is left to trade: {some(unlisted, '; ')}")
        pair = self.engine.markets.pair
        wanted = {coin: [(venue, symbol_on(venue, coin)) for venue in pair.venues] for coin in listed}
        books = self.engine.quotes.get(keys_of(pair, listed))
        silent = {coin: [key[0] for key in keys if key not in books] for coin, keys in wanted.items()}
        whole = [coin for coin, venues in silent.items() if not venues]
        is_rated = pair.rate_key is None or shown_rate(pair, books) is not None
        if not is_rated or not whole:
            venues = {venue for each in silent.values() for venue in each} | (
                set() if is_rated else {pair.first}
            )
            return "; ".join(f"no quotes of {venue}{self._why(venue)}" for venue in sorted(venues))
        lacking = {coin: venues for coin, venues in silent.items() if venues}
        now_ns = self.engine.clock.now_ns()
        self._first_ns = self._first_ns or now_ns
        if lacking and now_ns - self._first_ns <= OTHERS_NS:
            return "; ".join(f"no quotes of {line}" for line in self._by_venue(lacking).values())
        self._leave_out(lacking, unlisted, now_ns)
        return ""

    def _listed(self, coins: Sequence[Coin]) -> tuple[list[Coin], list[str]]:
        """Return the coins that may be quoted, and why the others are not. Raises: ConfigError."""
        instruments = self.engine.instruments
        listed, unlisted = [], []
        for coin in coins:
            gone = [
                venue
                for venue in self.engine.markets.pair.venues
                if (venue, symbol_on(venue, coin)) not in instruments and instruments.trouble(venue) is None
            ]
            if gone:
                unlisted.append(f"{coin} is not listed, or oddly, by {' and '.join(gone)}")
            else:
                listed.append(coin)
        for venue in self.engine.markets.pair.venues:
            if isinstance(trouble := instruments.trouble(venue), Fatal):
                raise ConfigError(f"{trouble}; check the key, its permissions and its list of addresses")
        return listed, unlisted

    def _why(self, venue: Venue) -> str:
        """Return what keeps a venue's quotes away, as far as its feeds and its answers tell."""
        if trouble := self.engine.instruments.trouble(venue):
            return f": {in_words(trouble.detail)}"
        for facts in self.engine.heartbeats.read().values():
            if cause := facts.get(f"{venue}_refusal") or facts.get(f"{venue}_cause"):
                return f": {in_words(cause)}"
        return ""

    def _by_venue(self, lacking: dict[Coin, list[Venue]]) -> dict[Venue, str]:
        """Return of which coins each venue has no quotes, and why if that is known."""
        found = {}
        for venue in self.engine.markets.pair.venues:
            if coins := [coin for coin, venues in lacking.items() if venue in venues]:
                found[venue] = f"{some(coins)} at {venue}{self._why(venue)}"
        return found

    def _leave_out(self, lacking: dict[Coin, list[Venue]], unlisted: Sequence[str], now_ns: int) -> None:
        if unlisted:
            self.progress(f"left out: {some(unlisted, '; ')}")
        for venue, line in self._by_venue(lacking).items():
            message = f"no quotes of {line}; left out until {venue} quotes them"
            self.progress(message)
            self.engine.alerts.raise_alert(
                Alert(
                    kind=AlertKind.COIN_UNQUOTED,
                    subject=venue,
                    severity=Severity.WARNING,
                    message=message,
                    at_ns=now_ns,
                )
            )


def wait_ready(engine: Engine, queues: Sequence[str], watch: Callable[[], None], progress: Progress) -> None:
    """Return when a task came through each of these queues and coins have their books.

    Raises: TookTooLong, ConfigError.
    """
    began_ns = engine.clock.now_ns()
    _Wait(engine=engine, queues=queues, watch=watch, progress=progress, began_ns=began_ns).run()


def _send_canaries(engine: Engine, queues: Sequence[str], now_ns: int) -> None:
    for queue in queues:
        try:
            engine.dispatcher.send(f"arb.canary.{queue}", now_ns, expires_ms=CANARY_MS)
        except DispatchError:
            return  # the next round sends again
