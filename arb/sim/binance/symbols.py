"""Symbols, their filters, and the exchangeInfo answer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.sim.binance.wire import text
from arb.sim.core.coins import Coin
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.core.faults import FaultPlan
from arb.sim.core.market_faults import rules_of
from arb.sim.core.orders import SelfTrade

QUOTE: Final = "USDT"
MIN_NOTIONAL: Final = Decimal(5)
MAX_NOTIONAL: Final = Decimal(9_000_000)
MAX_QUANTITY_LOTS: Final = Decimal(900_000_000)
MARKET_MAX_USDT: Final = Decimal(10_000_000)
MAX_PRICE: Final = Decimal(1_000_000)
PRICE_UP: Final = Decimal(5)
PRICE_DOWN: Final = Decimal("0.2")
MAX_OPEN_ORDERS: Final = 200
STP_DEFAULT: Final = "EXPIRE_MAKER"
STP_MODES: Final = MappingProxyType(
    {
        "EXPIRE_TAKER": SelfTrade.CANCEL_TAKER,
        "EXPIRE_MAKER": SelfTrade.CANCEL_MAKER,
        "EXPIRE_BOTH": SelfTrade.CANCEL_BOTH,
        "DECREMENT": SelfTrade.REDUCE,
    }
)
AMENDS_MAX: Final = 10  # of one order
TRADING: Final = "TRADING"
HALTED: Final = "BREAK"

WEIGHT_LIMIT: Final = 6_000
ORDERS_10S_LIMIT: Final = 100
ORDERS_DAY_LIMIT: Final = 200_000
RATE_LIMITS: Final = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": WEIGHT_LIMIT},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_10S_LIMIT},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": ORDERS_DAY_LIMIT},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One market and its trading rules."""

    name: str
    coin: Coin
    max_quantity: Decimal
    market_max_quantity: Decimal
    min_notional: Decimal = MIN_NOTIONAL
    status: str = TRADING


def symbol_name(coin: str) -> str:
    """Return Binance's name of the coin's USDT market."""
    return coin + QUOTE


class LiveSymbols(Mapping[str, Symbol]):
    """Symbols by name with the rules that are in force now: an operator may change or halt one."""

    def __init__(self, listed: Mapping[str, Symbol], faults: FaultPlan) -> None:
        self._listed = listed
        self._faults = faults

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, name: str) -> Symbol:
        symbol = self._listed[name]
        coin = symbol.coin.name
        changed = rules_of(self._faults, coin)
        is_halted = self._faults.standing(FaultKind.HALTED_COIN, coin) is not None
        if not changed and not is_halted:
            return symbol
        terms = replace(
            symbol.coin,
            tick_usdt=changed.get("tick", symbol.coin.tick_usdt),
            lot=changed.get("lot", symbol.coin.lot),
        )
        return replace(
            _symbol(terms),
            min_notional=changed.get("min_notional", symbol.min_notional),
            status=HALTED if is_halted else TRADING,
        )


def make_symbols(coins: Iterable[Coin]) -> dict[str, Symbol]:
    """Return the symbols of `coins` by name."""
    return {symbol_name(coin.name): _symbol(coin) for coin in coins}


def _symbol(coin: Coin) -> Symbol:
    market_lots = MARKET_MAX_USDT / coin.price_usdt // coin.lot
    return Symbol(
        name=symbol_name(coin.name),
        coin=coin,
        max_quantity=MAX_QUANTITY_LOTS * coin.lot,
        market_max_quantity=market_lots * coin.lot,
    )


def _filters_of(symbol: Symbol) -> list[dict[str, Any]]:
    """Return the filters as exchangeInfo shows them."""
    tick, lot = text(symbol.coin.tick_usdt), text(symbol.coin.lot)
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": text(MAX_PRICE), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": text(symbol.max_quantity), "stepSize": lot},
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": text(symbol.market_max_quantity),
            "stepSize": "0.00000000",
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": str(PRICE_UP),
            "bidMultiplierDown": str(PRICE_DOWN),
            "askMultiplierUp": str(PRICE_UP),
            "askMultiplierDown": str(PRICE_DOWN),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(symbol.min_notional),
            "applyMinToMarket": True,
            "maxNotional": text(MAX_NOTIONAL),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_OPEN_ORDERS},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": AMENDS_MAX},
    ]


def _describe(symbol: Symbol) -> dict[str, Any]:
    """Return the symbol as exchangeInfo shows it; only the order types simulated here are listed."""
    return {
        "symbol": symbol.name,
        "status": symbol.status,
        "baseAsset": symbol.coin.name,
        "baseAssetPrecision": 8,
        "quoteAsset": QUOTE,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters_of(symbol),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": STP_DEFAULT,
        "allowedSelfTradePreventionModes": list(STP_MODES),
    }


def exchange_info(symbols: Iterable[Symbol], server_ms: int) -> dict[str, Any]:
    """Return the exchangeInfo answer for `symbols`."""
    return {
        "timezone": "UTC",
        "serverTime": server_ms,
        "rateLimits": RATE_LIMITS,
        "exchangeFilters": [],
        "symbols": [_describe(symbol) for symbol in symbols],
    }
