"""The table of calls: REST path, WebSocket API method, weight, and who may call."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from arb.sim.binance import params
from arb.sim.binance.history import PublicHistory
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.lookup import BinanceLookup
from arb.sim.binance.market_data import MarketData
from arb.sim.binance.params import Params
from arb.sim.binance.replacing import Replacing
from arb.sim.binance.trading import OrderEntry

Handler = Callable[[Params], Any]
FREE_WHEN_DONE: Final = frozenset({"POST /api/v3/order", "DELETE /api/v3/order", "DELETE /api/v3/openOrders"})
PLACING: Final = frozenset({"POST /api/v3/order", "POST /api/v3/order/cancelReplace"})
COMMISSION_WEIGHT: Final = 20


class Security(StrEnum):
    """Whether a call has to be signed."""

    NONE = "none"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call of the venue."""

    method: str
    path: str
    api_method: str  # of the WebSocket API; empty if it has none
    weight: Callable[[Params], int]
    security: Security
    handle: Handler

    @property
    def name(self) -> str:
        """The name that faults and the journal use."""
        return f"{self.method} {self.path}"

    @property
    def places(self) -> bool:
        """Whether the call places an order."""
        return self.name in PLACING

    @property
    def is_free_when_done(self) -> bool:
        """Whether it costs weight only when it is rejected: since 2026-04-02 for placing and canceling."""
        return self.name in FREE_WHEN_DONE


def _always(weight: int) -> Callable[[Params], int]:
    return lambda _given: weight


def _by_depth(given: Params) -> int:
    limit = params.integer(given, "limit", 100) or 100
    return next((weight for top, weight in ((100, 5), (500, 25), (1000, 50)) if limit <= top), 250)


def _by_symbol(one: int, many: int) -> Callable[[Params], int]:
    return lambda given: one if "symbol" in given else many


def _by_symbols(given: Params) -> int:
    """Return what a day's tickers cost: 2 for up to 20 symbols, 40 for up to 100, else 80."""
    if "symbol" in given:
        return 2
    count = given["symbols"].count(",") + 1 if "symbols" in given else 1_000
    return next((weight for most, weight in ((20, 2), (100, 40)) if count <= most), 80)


def _by_commission(given: Params) -> int:
    return COMMISSION_WEIGHT if given.get("computeCommissionRates") == "true" else 1


def _public(path: str, api_method: str, weight: Callable[[Params], int], handle: Handler) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        api_method=api_method,
        weight=weight,
        security=Security.NONE,
        handle=handle,
    )


def _signed(
    method: str, path: str, api_method: str, weight: Callable[[Params], int], handle: Handler
) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        api_method=api_method,
        weight=weight,
        security=Security.SIGNED,
        handle=handle,
    )


def public_endpoints(data: MarketData) -> list[Endpoint]:
    """Return the calls that need no key."""
    return [
        _public("/api/v3/ping", "ping", _always(1), data.ping),
        _public("/api/v3/time", "time", _always(1), data.time),
        _public("/api/v3/exchangeInfo", "exchangeInfo", _always(20), data.exchange_info),
        _public("/api/v3/depth", "depth", _by_depth, data.depth),
        _public("/api/v3/ticker/bookTicker", "ticker.book", _by_symbol(2, 4), data.book_ticker),
        _public("/api/v3/ticker/price", "ticker.price", _by_symbol(2, 4), data.price),
        _public("/api/v3/ticker/24hr", "ticker.24hr", _by_symbols, data.day_ticker),
        _public("/api/v3/avgPrice", "avgPrice", _always(2), data.average_price),
        _public("/api/v3/referencePrice", "referencePrice", _always(2), data.reference_price),
        _public("/api/v3/executionRules", "executionRules", _by_symbol(2, 40), data.execution_rules),
        _public("/sapi/v1/capital/config/getall", "", _always(10), data.coins),
        _public("/sapi/v1/margin/allPairs", "", _always(1), data.no_pairs),
        _public("/sapi/v1/margin/isolated/allPairs", "", _always(10), data.no_pairs),
    ]


def history_endpoints(history: PublicHistory) -> list[Endpoint]:
    """Return the calls about what was traded."""
    return [
        _public("/api/v3/trades", "trades.recent", _always(25), history.trades),
        _public("/api/v3/historicalTrades", "trades.historical", _always(25), history.trades),
        _public("/api/v3/aggTrades", "trades.aggregate", _always(4), history.aggregate_trades),
        _public("/api/v3/klines", "klines", _always(2), history.klines),
        _public("/api/v3/uiKlines", "uiKlines", _always(2), history.klines),
    ]


def signed_endpoints(
    trading: OrderEntry, replacing: Replacing, lookup: BinanceLookup, limits: WeightLimits
) -> list[Endpoint]:
    """Return the calls of the account."""
    order = "/api/v3/order"
    open_orders = "/api/v3/openOrders"
    return [
        _signed("POST", order, "order.place", _always(1), trading.place),
        _signed("POST", "/api/v3/order/test", "order.test", _by_commission, trading.test),
        _signed("POST", f"{order}/cancelReplace", "order.cancelReplace", _always(1), replacing.replace),
        _signed(
            "PUT", f"{order}/amend/keepPriority", "order.amend.keepPriority", _always(4), replacing.amend
        ),
        _signed("GET", f"{order}/amendments", "order.amendments", _always(4), lookup.amendments),
        _signed("GET", order, "order.status", _always(4), lookup.order),
        _signed("DELETE", order, "order.cancel", _always(1), trading.cancel),
        _signed("GET", open_orders, "openOrders.status", _by_symbol(6, 80), lookup.open_orders),
        _signed("DELETE", open_orders, "openOrders.cancelAll", _always(1), trading.cancel_all),
        _signed("GET", "/api/v3/allOrders", "allOrders", _always(20), lookup.all_orders),
        _signed("GET", "/api/v3/myTrades", "myTrades", _my_trades_weight, lookup.my_trades),
        _signed(
            "GET",
            "/api/v3/myPreventedMatches",
            "myPreventedMatches",
            _matches_weight,
            lookup.prevented_matches,
        ),
        _signed("GET", "/api/v3/account", "account.status", _always(20), lookup.account),
        _signed("GET", "/api/v3/account/commission", "account.commission", _always(20), lookup.commission),
        _signed("GET", "/sapi/v1/asset/tradeFee", "", _always(1), lookup.trade_fee),
        _signed("GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", _always(40), _counts(limits)),
    ]


def _my_trades_weight(given: Params) -> int:
    return 5 if "orderId" in given else 20


def _matches_weight(given: Params) -> int:
    return 2 if "preventedMatchId" in given else 20


def _counts(limits: WeightLimits) -> Handler:
    return lambda _given: limits.order_counts()
