"""Names of markets in what a venue lists: also those that we have no name for."""

from collections.abc import Callable

from arb.domain.market.ids import Symbol


def known_or_own_name(named: Callable[[str], Symbol], venue_symbol: str) -> Symbol:
    """Return the market that a venue calls `venue_symbol`, by the venue's name if we have none for it."""
    try:
        return named(venue_symbol)
    except ValueError:
        return Symbol(venue_symbol)
