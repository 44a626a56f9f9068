"""How a client of Upbit gets connections, limits and a breaker of its own."""

from typing import Final

from arb.adapters.venues.http import HttpTransport
from arb.adapters.venues.rate_limit import Limit, RateLimiter, Share, not_shared
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Dialect, Gateway
from arb.domain.market.ids import Venue
from arb.ports.market import Clock, Entropy
from arb.venues.krw import requests
from arb.venues.krw.errors import pause_scope
from arb.venues.upbit import errors, orders

DIALECT: Final = Dialect(
    venue=Venue.UPBIT,
    error_of=errors.error_of,
    pause_scope=pause_scope,
    usage=orders.usage,
)
QUOTATIONS_PER_S: Final = 9  # of 10


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
    } | {group: Limit(count=QUOTATIONS_PER_S, period_ms=1_000) for group in orders.QUOTATION_GROUPS}
    shared = share(requests.ORDER_GROUP, limits[requests.ORDER_GROUP])
    limiter = RateLimiter(Venue.UPBIT, limits, clock, shared=shared)
    return Gateway(DIALECT, transport, limiter, VenueBreaker(Venue.UPBIT, clock, entropy))
