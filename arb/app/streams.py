"""What a venue's streams are made of, by venue: markets for the feeds, accounts for the fills."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from arb.adapters.venues.user_stream import venue_now_ms
from arb.app.venues import api_key
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.engine.market.stream import MarketStream
from arb.engine.trading.fills import UserStream
from arb.ports.market import Clock, Entropy
from arb.ports.trading import VenueClient
from arb.venues.api_key import ApiKey
from arb.venues.binance.stream import BinanceStream
from arb.venues.binance.user_stream import BinanceUserStream
from arb.venues.bithumb import books as bithumb
from arb.venues.bithumb.user_stream import BithumbUserStream
from arb.venues.jwt import nonce_of
from arb.venues.krw.auth import StampedPass
from arb.venues.krw.books import BookLine
from arb.venues.krw.stream import KEEP_ALIVE, KrwStream
from arb.venues.upbit import books as upbit
from arb.venues.upbit.user_stream import UpbitUserStream
from config.settings import RunMode, Settings


@dataclass(frozen=True, slots=True)
class MarketLine:
    """A venue's market stream, where it is, and what keeps its connection alive."""

    stream: MarketStream
    url: str
    keep_alive: str = ""


def market_lines(settings: Settings, entropy: Entropy) -> list[MarketLine]:
    """Return the market stream of each venue of the pair; it has no coins yet."""
    return [_market_line(venue, settings, entropy) for venue in settings.pair]


def _market_line(venue: Venue, settings: Settings, entropy: Entropy) -> MarketLine:
    url, levels_max = settings.of(venue).stream_url, settings.feed.depth_levels
    match venue:
        case Venue.UPBIT:
            return _krw_line(upbit.LINE, url, levels_max, entropy)
        case Venue.BINANCE:
            return MarketLine(BinanceStream(coins=(), levels_max=levels_max), url)
        case Venue.BITHUMB:
            return _krw_line(bithumb.LINE, url, levels_max, entropy)
        case _:
            assert_never(venue)


def _krw_line(line: BookLine, url: str, levels_max: int, entropy: Entropy) -> MarketLine:
    ticket = f"arb-{entropy.bits(64):016x}"
    return MarketLine(KrwStream(line, coins=(), levels_max=levels_max, ticket=ticket), url, KEEP_ALIVE)


def user_streams(
    settings: Settings, venues: Mapping[Venue, VenueClient], clock: Clock, entropy: Entropy
) -> list[tuple[UserStream, str]]:
    """Return the stream of each account that is traded on, with its address."""
    if settings.mode is RunMode.PAPER:
        return []
    keys = {venue: api_key(settings.of(venue).credentials) for venue in settings.pair}
    return [
        (_user_stream(venue, key, venues, clock, entropy), settings.of(venue).user_stream_url)
        for venue, key in keys.items()
        if key is not None
    ]


def _user_stream(
    venue: Venue, key: ApiKey, venues: Mapping[Venue, VenueClient], clock: Clock, entropy: Entropy
) -> UserStream:
    match venue:
        case Venue.UPBIT:
            return UpbitUserStream(key, nonce=lambda: nonce_of(entropy.bits(128)))
        case Venue.BINANCE:
            return BinanceUserStream(key, venue_now_ms(venues[venue], clock))
        case Venue.BITHUMB:

            def access() -> StampedPass:
                return StampedPass(key, nonce_of(entropy.bits(128)), clock.now_ns() // NS_PER_MS)

            return BithumbUserStream(access)
        case _:
            assert_never(venue)
