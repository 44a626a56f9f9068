"""What differs between the venues in one row each: currency, names of markets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from arb.domain.market.ids import Coin, Symbol, Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFacts:
    """One venue."""

    quote: str
    venue_symbol: Callable[[Symbol], str]
    symbol: Callable[[str], Symbol]


def _binance_symbol(symbol: Symbol) -> str:
    return symbol.replace("/", "")


def _from_binance(venue_symbol: str) -> Symbol:
    base = venue_symbol.removesuffix("USDT")
    if not base or base == venue_symbol:
        raise ValueError(f"not a USDT market: {venue_symbol!r}")
    return Symbol(f"{base}/USDT")


def _upbit_symbol(symbol: Symbol) -> str:
    base, _, quote = symbol.partition("/")
    return f"{quote}-{base}"


def _from_upbit(venue_symbol: str) -> Symbol:
    quote, dash, base = venue_symbol.partition("-")
    if not dash or not quote or not base:
        raise ValueError(f"not a market: {venue_symbol!r}")
    return Symbol(f"{base}/{quote}")


FACTS: Final[Mapping[Venue, VenueFacts]] = MappingProxyType(
    {
        Venue.BINANCE: VenueFacts(quote="USDT", venue_symbol=_binance_symbol, symbol=_from_binance),
        Venue.UPBIT: VenueFacts(quote="KRW", venue_symbol=_upbit_symbol, symbol=_from_upbit),
    }
)


def symbol_of(venue: Venue, coin: Coin) -> Symbol:
    """Return the market of a coin: "BTC/USDT" on Binance, "BTC/KRW" on Upbit."""
    return Symbol(f"{coin}/{FACTS[venue].quote}")


def to_venue_symbol(venue: Venue, symbol: Symbol) -> str:
    """Return the venue's name of a market: "BTCUSDT", "KRW-BTC"."""
    return FACTS[venue].venue_symbol(symbol)


def from_venue_symbol(venue: Venue, venue_symbol: str) -> Symbol:
    """Return the market that a venue calls `venue_symbol`. Raises: ValueError."""
    return FACTS[venue].symbol(venue_symbol)


def known_or_own_name(venue: Venue, venue_symbol: str) -> Symbol:
    """Return the market that a venue calls `venue_symbol`, by the venue's name if we have none for it."""
    try:
        return from_venue_symbol(venue, venue_symbol)
    except ValueError:
        return Symbol(venue_symbol)
