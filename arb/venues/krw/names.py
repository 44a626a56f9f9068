"""Names of markets where they are quoted in KRW: "KRW-BTC" is BTC/KRW."""

from arb.domain.market.ids import Symbol


def venue_symbol(symbol: Symbol) -> str:
    """Return the venue's name of a market."""
    base, _, quote = symbol.partition("/")
    return f"{quote}-{base}"


def symbol_of(name: str) -> Symbol:
    """Return the market that the venue calls so. Raises: ValueError."""
    quote, dash, base = name.partition("-")
    if not dash or not quote or not base:
        raise ValueError(f"not a market: {name!r}")
    return Symbol(f"{base}/{quote}")
