"""Binance's names of markets: "BTCUSDT" is BTC/USDT."""

from arb.domain.market.ids import Symbol, Venue

QUOTE = Venue.BINANCE.quote


def venue_symbol(symbol: Symbol) -> str:
    """Return Binance's name of a market."""
    return symbol.replace("/", "")


def symbol_of(name: str) -> Symbol:
    """Return the market that Binance calls so. Raises: ValueError."""
    base = name.removesuffix(QUOTE)
    if not base or base == name:
        raise ValueError(f"not a {QUOTE} market: {name!r}")
    return Symbol(f"{base}/{QUOTE}")
