"""The venues: real clients, or paper ones around their reference data."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Final, assert_never

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.fees import RedisFees
from arb.adapters.redis.order_limit import RedisOrderLimit, order_limit_key
from arb.adapters.venues.binance import connect as binance
from arb.adapters.venues.binance.client import BinanceClient
from arb.adapters.venues.binance.markets import Fees
from arb.adapters.venues.bithumb import connect as bithumb
from arb.adapters.venues.bithumb.client import BithumbClient
from arb.adapters.venues.paper import PaperVenue
from arb.adapters.venues.rate_limit import Limit, Share, SharedCount, not_shared
from arb.adapters.venues.upbit import connect as upbit
from arb.adapters.venues.upbit.client import UpbitClient
from arb.adapters.venues.venue_client import Gateway
from arb.app.stores import Stores
from arb.domain.market.ids import SessionId, Venue
from arb.domain.time import NS_PER_MS
from arb.ports.trading import VenueClient
from arb.venues.api_key import ApiKey
from config.sections import CredentialSettings
from config.settings import RunMode, Settings

NO_SHARES: Final[Mapping[Venue, Share]] = MappingProxyType({})


def venue_clients(
    settings: Settings, session_id: SessionId, stores: Stores, clock: SystemClock, entropy: SystemEntropy
) -> dict[Venue, VenueClient]:
    """Return a client for each venue: real ones, or paper ones around their reference data."""
    real = real_clients(settings, clock, entropy, _fees(settings, stores), _shares(settings, stores, entropy))
    if settings.mode is not RunMode.PAPER:
        return real
    return {
        venue: PaperVenue(
            venue=venue,
            rules=client,
            quotes=stores.quotes,
            clock=clock,
            read_balances=partial(_paper_balances, settings, session_id, stores, venue),
            quote_age_ns_max=settings.risk.quote_age_ms_max * NS_PER_MS,
            latency_ms=settings.paper.latency_ms,
        )
        for venue, client in real.items()
    }


def _paper_balances(
    settings: Settings, session_id: SessionId, stores: Stores, venue: Venue
) -> Mapping[str, Decimal]:
    """Return the ledger's balances of a venue; before there are any, what the settings begin with."""
    booked = stores.trades.balances(session_id)
    own = {asset: amount for (holder, asset), amount in booked.items() if holder is venue}
    return own or settings.paper.balances.get(venue, {})


def _fees(settings: Settings, stores: Stores) -> Fees | None:
    """Return what remembers the fees of the account at Binance; None where there is no account."""
    account = stores.owner.accounts.get(Venue.BINANCE)
    return RedisFees(stores.redis, settings.mode, Venue.BINANCE, account) if account else None


def _shares(settings: Settings, stores: Stores, entropy: SystemEntropy) -> Mapping[Venue, Share]:
    """Return what counts the orders of all processes at each venue where we have an account."""
    return {
        venue: partial(_share, stores, order_limit_key(settings.mode, account, venue), entropy)
        for venue in settings.pair
        if (account := stores.owner.accounts.get(venue))
    }


def _share(
    stores: Stores, key: str, entropy: SystemEntropy, group: str, limit: Limit
) -> Mapping[str, SharedCount]:
    return {group: RedisOrderLimit(stores.redis, key, limit, entropy)}


def real_clients(
    settings: Settings,
    clock: SystemClock,
    entropy: SystemEntropy,
    fees: Fees | None = None,
    shares: Mapping[Venue, Share] = NO_SHARES,
) -> dict[Venue, VenueClient]:
    """Return clients that speak the venues' protocols; without credentials only reference data works."""
    return {
        venue: _client(venue, settings, clock, entropy, fees, shares.get(venue, not_shared))
        for venue in settings.pair
    }


def _client(
    venue: Venue,
    settings: Settings,
    clock: SystemClock,
    entropy: SystemEntropy,
    fees: Fees | None,
    share: Share,
) -> VenueClient:
    gateway = _gateway(venue, settings, clock, entropy, share)
    match venue:
        case Venue.UPBIT:
            return UpbitClient(
                gateway,
                clock,
                entropy,
                api_key=api_key(settings.upbit.credentials),
                http_timeout_ms=settings.orders.http_timeout_ms,
            )
        case Venue.BINANCE:
            return BinanceClient(
                gateway,
                clock,
                api_key=api_key(settings.binance.credentials),
                recv_window_ms=settings.orders.recv_window_ms,
                fees=fees,
            )
        case Venue.BITHUMB:
            return BithumbClient(gateway, clock, entropy, api_key=api_key(settings.bithumb.credentials))
        case _:
            assert_never(venue)


def public_gateways(settings: Settings, clock: SystemClock, entropy: SystemEntropy) -> dict[Venue, Gateway]:
    """Return a way to each venue of the pair for what anybody may ask, within its limits."""
    return {venue: _gateway(venue, settings, clock, entropy) for venue in settings.pair}


def _gateway(
    venue: Venue,
    settings: Settings,
    clock: SystemClock,
    entropy: SystemEntropy,
    share: Share = not_shared,
) -> Gateway:
    timeout_ms = settings.orders.http_timeout_ms
    match venue:
        case Venue.UPBIT:
            return upbit.connect_gateway(
                settings.upbit.rest_url,
                clock,
                entropy,
                http_timeout_ms=timeout_ms,
                orders_per_s=settings.upbit.orders_per_s,
                requests_per_s=settings.upbit.requests_per_s,
                share=share,
            )
        case Venue.BINANCE:
            return binance.connect_gateway(
                settings.binance.rest_url,
                clock,
                entropy,
                http_timeout_ms=timeout_ms,
                weight_per_minute=settings.binance.weight_per_minute,
                orders_per_10s=settings.binance.orders_per_10s,
                share=share,
            )
        case Venue.BITHUMB:
            return bithumb.connect_gateway(
                settings.bithumb.rest_url,
                clock,
                entropy,
                http_timeout_ms=timeout_ms,
                orders_per_s=settings.bithumb.orders_per_s,
                requests_per_s=settings.bithumb.requests_per_s,
                share=share,
            )
        case _:
            assert_never(venue)


def api_key(credentials: CredentialSettings | None) -> ApiKey | None:
    """Return the key pair that a venue client signs with."""
    if credentials is None:
        return None
    return ApiKey(credentials.key.get_secret_value(), credentials.secret.get_secret_value())
