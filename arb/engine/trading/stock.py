"""What of a coin is free on each venue: read only for who goes by it, and where an edge may do."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO
from arb.domain.market.spread import Edge, Market
from arb.domain.strategy.port import Strategy
from arb.domain.trading.trade import TradeKind

Free = Callable[[], Mapping[tuple[Venue, str], Decimal]]


def stock(market: Market, strategy: Strategy, edges: Iterable[Edge], free: Free) -> Mapping[Venue, Decimal]:
    """Return it, and nothing where nobody asks. Raises: StoreUnavailable."""
    is_asked = strategy.kind is TradeKind.EXCHANGE
    if not is_asked or all(each.net_bps < strategy.edge_bps_min for each in edges):
        return {}
    found = free()
    return {venue: found.get((venue, str(market.coin)), ZERO) for venue in market.venues}
