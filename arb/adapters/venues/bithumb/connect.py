"""How a client of Bithumb gets connections, limits and a breaker of its own."""

from typing import Final

from arb.adapters.venues.http import HttpTransport
from arb.adapters.venues.rate_limit import Limit, RateLimiter, Share, not_shared
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Dialect, Gateway
from arb.domain.market.ids import Venue
from arb.ports.market import Clock, Entropy
from arb.venues.bithumb import errors, orders
from arb.venues.krw import requests
from arb.venues.krw.errors import pause_scope

DIALECT: Final = Dialect(
    venue=Venue.BITHUMB,
    error_of=errors.error_of,
    pause_scope=pause_scope,
    usage=orders.usage,
    holds_error=errors.holds_error,
)
QUOTATIONS_PER_S: Final = 100  # of 150, by address: others may be behind it


def connect_gateway(
    rest_url: str,
    clock: Clock,
    entropy: Entropy,
    *,
    http_timeout_ms: int,
    orders_per_s: int,
    requests_per_s: int,
    share: Share = not_shared,
) -> Gateway:
    """Return a way to the venue with connections and limits of its own; call it after a fork."""
    transport = HttpTransport(rest_url, connect_timeout_ms=http_timeout_ms, read_timeout_ms=http_timeout_ms)
    limits = {
        requests.ORDER_GROUP: Limit(count=orders_per_s, period_ms=1_000),
        requests.DEFAULT_GROUP: Limit(count=requests_per_s, period_ms=1_000),
        orders.QUOTATION_GROUP: Limit(count=QUOTATIONS_PER_S, period_ms=1_000),
    }
    shared = share(requests.ORDER_GROUP, limits[requests.ORDER_GROUP])
    limiter = RateLimiter(Venue.BITHUMB, limits, clock, shared=shared)
    return Gateway(DIALECT, transport, limiter, VenueBreaker(Venue.BITHUMB, clock, entropy))
