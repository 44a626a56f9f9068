"""Whether both venues list the coins of the settings, and what keeps a venue from saying so, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app.venues import real_clients
from arb.domain.errors import VenueError
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.listing import Listing
from arb.engine.market.markets import symbol_on
from arb.ports.trading import VenueClient
from arb.sim.core.coins import DEFAULT_COINS
from config.settings import RunMode, Settings

NAMED_MAX: Final = 5  # coins in a line: there may be hundreds
# What the libraries call it, and what it is.
CAUSES: Final = (
    ("gaierror", "its name cannot be resolved (DNS)"),
    ("NameResolution", "its name cannot be resolved (DNS)"),
    ("WebSocketAddress", "its name cannot be resolved (DNS)"),
    ("ConnectionRefused", "the connection is refused"),
    ("ConnectTimeout", "no connection in time"),
    ("SSLCertVerification", "its certificate is not trusted"),
    ("SSLError", "the encrypted connection fails"),
    ("Timeout", "no answer in time"),
    ("ConnectionReset", "the connection is cut"),
    ("WebSocketBadStatusException", "the connection is answered with an HTTP error"),
    ("NewConnection", "no connection"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketsFound:
    """What the venues said when they were asked for their markets of the coins."""

    asked: tuple[Venue, ...]
    missing: Mapping[Coin, str]  # why a pair of it cannot be had
    unasked: Mapping[Venue, VenueError]


def is_simulated(settings: Settings) -> bool:
    """Tell whether the exchanges are simulated ones that are still to be started."""
    return settings.mode is RunMode.MOCK and settings.redis_url is None


def look(settings: Settings) -> MarketsFound:
    """Ask the venues of a mode; of simulated exchanges that are still to be started it is known."""
    coins = tuple(Coin(coin) for coin in settings.coins)
    if is_simulated(settings):
        why = "the simulated exchanges do not list it"
        unknown = {coin: why for coin in coins if coin not in DEFAULT_COINS}
        return MarketsFound(asked=(), missing=unknown, unasked={})
    if not coins:  # all that they list, whatever that is
        return MarketsFound(asked=(), missing={}, unasked={})
    return ask(real_clients(settings, SystemClock(), SystemEntropy()), coins)


def ask(venues: Mapping[Venue, VenueClient], coins: Sequence[Coin]) -> MarketsFound:
    """Ask each venue once for the coins' markets. Venues that do not answer are named in the result."""
    missing: dict[Coin, str] = {}
    unasked: dict[Venue, VenueError] = {}
    for venue, client in venues.items():
        try:
            listing = client.instruments(coins)
        except VenueError as error:
            unasked[venue] = error
            continue
        for coin, why in _missing(venue, coins, listing):
            missing[coin] = f"{missing[coin]}, and {why}" if coin in missing else why
    return MarketsFound(
        asked=tuple(venue for venue in venues if venue not in unasked), missing=missing, unasked=unasked
    )


def in_words(text: str) -> str:
    """Return what keeps a venue from answering, in words where we have them."""
    words = next((words for name, words in CAUSES if name in text), None)
    return f"{words} ({text})" if words else text


def some(names: Sequence[str], separator: str = ", ") -> str:
    """Return names in a line; of many the first few, and how many more there are."""
    if len(names) <= NAMED_MAX + 1:
        return separator.join(names)
    return f"{separator.join(names[:NAMED_MAX])} and {len(names) - NAMED_MAX} more"


def _missing(venue: Venue, coins: Sequence[Coin], listing: Listing) -> Iterator[tuple[Coin, str]]:
    listed: set[Symbol] = {rule.symbol for rule in listing}
    odd = {each.symbol: str(each) for each in listing.odd}
    for coin in coins:
        symbol = symbol_on(venue, coin)
        if symbol not in listed:
            yield coin, odd.get(symbol, f"{venue} does not list it")
