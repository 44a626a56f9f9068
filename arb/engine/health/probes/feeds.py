"""Feed lag and quote age of each venue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.health.judge import Reading, silence_ms
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_US
from arb.engine.market.markets import keys_of
from arb.ports.market import Clock, QuoteStore
from arb.ports.messaging import Heartbeats

US_PER_MS: Final = 1_000
SILENT_MS: Final = 10_000  # what a feed said before is no measurement of now


@dataclass(frozen=True, slots=True)
class FeedLag:
    """How long after the venue's stamp its frames arrive, or for how long none is stamped; feeds say so."""

    heartbeats: Heartbeats

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return a measurement for each venue. Raises: StoreUnavailable."""
        worst = self.worst_us(now_ns)
        return [Reading("ws_lag_ms", venue, Decimal(lag_us) / US_PER_MS) for venue, lag_us in worst.items()]

    def worst_us(self, now_ns: int) -> dict[Venue, int]:
        """Return the worst lag of each venue. Raises: StoreUnavailable."""
        worst: dict[Venue, int] = {}
        for facts in self.heartbeats.read().values():
            if silence_ms(int(facts.get("at_ns", "0")), now_ns) > SILENT_MS:
                continue
            for venue in Venue:
                if lag_us := facts.get(f"{venue}_lag_us"):
                    worst[venue] = max(worst.get(venue, 0), int(lag_us))
        return worst


def lags_ns(lag: FeedLag, clock: Clock) -> Mapping[Venue, int]:
    """Return the worst lag of each venue, nothing while that cannot be read."""
    try:
        return {venue: lag_us * NS_PER_US for venue, lag_us in lag.worst_us(clock.now_ns()).items()}
    except StoreUnavailable:
        return {}


@dataclass(frozen=True, slots=True)
class QuoteAge:
    """How old the newest book of each venue is; one that never came is no measurement."""

    pair: Pair
    quotes: QuoteStore
    coins: Sequence[Coin]

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return the age of each venue's newest book. Raises: StoreUnavailable."""
        newest: dict[Venue, int] = {}
        for (venue, _), book in self.quotes.get(keys_of(self.pair, self.coins)).items():
            newest[venue] = max(newest.get(venue, 0), book.ts_recv_ns)
        return [Reading("quote_age_ms", venue, silence_ms(at_ns, now_ns)) for venue, at_ns in newest.items()]
