"""How a client of Binance gets connections, limits and a breaker of its own."""

from typing import Final

from arb.adapters.venues.http import HttpTransport
from arb.adapters.venues.rate_limit import Limit, RateLimiter, Share, not_shared
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Dialect, Gateway
from arb.domain.market.ids import Venue
from arb.ports.market import Clock, Entropy
from arb.venues.binance import errors, orders

DIALECT: Final = Dialect(
    venue=Venue.BINANCE,
    error_of=errors.error_of,
    pause_scope=errors.pause_scope,
    usage=orders.usage,
)


def connect_gateway(
    rest_url: str,
    clock: Clock,
    entropy: Entropy,
    *,
    http_timeout_ms: int,
    weight_per_minute: int,
    orders_per_10s: int,
    share: Share = not_shared,
) -> Gateway:
    """Return a way to the venue with connections and limits of its own; call it after a fork."""
    transport = HttpTransport(rest_url, connect_timeout_ms=http_timeout_ms, read_timeout_ms=http_timeout_ms)
    limits = {
        orders.WEIGHT_GROUP: Limit(count=weight_per_minute, period_ms=60_000),
        orders.ORDER_GROUP: Limit(count=orders_per_10s, period_ms=10_000),
    }
    shared = share(orders.ORDER_GROUP, limits[orders.ORDER_GROUP])
    limiter = RateLimiter(Venue.BINANCE, limits, clock, pool=orders.WEIGHT_GROUP, shared=shared)
    return Gateway(DIALECT, transport, limiter, VenueBreaker(Venue.BINANCE, clock, entropy))
