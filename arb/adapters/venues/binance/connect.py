"""How a client of Binance gets connections, limits and a breaker of its own."""

from typing import Final

from arb.adapters.venues.binance.client import BinanceClient
from arb.adapters.venues.binance.markets import Fees
from arb.adapters.venues.http import HttpTransport
from arb.adapters.venues.rate_limit import Limit, RateLimiter
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Dialect, Gateway
from arb.domain.market.ids import Venue
from arb.ports.market import Clock, Entropy
from arb.venues.api_key import ApiKey
from arb.venues.binance import errors, orders

DIALECT: Final = Dialect(
    venue=Venue.BINANCE,
    error_of=errors.error_of,
    pause_scope=errors.pause_scope,
    usage=orders.usage,
)


def connect_binance(
    rest_url: str,
    clock: Clock,
    entropy: Entropy,
    *,
    api_key: ApiKey | None,
    http_timeout_ms: int,
    recv_window_ms: int,
    weight_per_minute: int,
    orders_per_10s: int,
    fees: Fees | None = None,
) -> BinanceClient:
    """Return a client with its own connections and limits; call it after a fork."""
    gateway = connect_gateway(
        rest_url,
        clock,
        entropy,
        http_timeout_ms=http_timeout_ms,
        weight_per_minute=weight_per_minute,
        orders_per_10s=orders_per_10s,
    )
    return BinanceClient(gateway, clock, api_key=api_key, recv_window_ms=recv_window_ms, fees=fees)


def connect_gateway(
    rest_url: str,
    clock: Clock,
    entropy: Entropy,
    *,
    http_timeout_ms: int,
    weight_per_minute: int,
    orders_per_10s: int,
) -> Gateway:
    """Return a way to the venue with its own connections and limits, enough for what anybody may ask."""
    transport = HttpTransport(rest_url, connect_timeout_ms=http_timeout_ms, read_timeout_ms=http_timeout_ms)
    limits = {
        orders.WEIGHT_GROUP: Limit(count=weight_per_minute, period_ms=60_000),
        orders.ORDER_GROUP: Limit(count=orders_per_10s, period_ms=10_000),
    }
    limiter = RateLimiter(Venue.BINANCE, limits, clock, pool=orders.WEIGHT_GROUP)
    return Gateway(DIALECT, transport, limiter, VenueBreaker(Venue.BINANCE, clock, entropy))
