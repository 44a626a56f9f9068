"""The public clients of Binance Spot, each told by its own configuration where the venue is."""

import json
import re
from collections.abc import Callable
from typing import Any

import ccxt
from binance.client import Client
from binance.exceptions import BinanceAPIException
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import Error
from binance_sdk_spot.spot import Spot

from tests.conformance.binance_answers import WORDS
from tests.conformance.binance_calls import Speak
from tests.conformance.judge import Refused, Unspoken
from tests.conformance.simulated_venues import KEY, SECRET, SimulatedVenues

PYTHON_BINANCE = {
    "GET ping": "ping", "GET time": "get_server_time", "GET exchangeInfo": "get_exchange_info",
    "GET depth": "get_order_book", "GET trades": "get_recent_trades", "GET klines": "get_klines",
    "GET historicalTrades": "get_historical_trades", "GET aggTrades": "get_aggregate_trades",
    "GET uiKlines": "get_ui_klines", "GET avgPrice": "get_avg_price", "GET ticker/24hr": "get_ticker",
    "GET ticker/price": "get_symbol_ticker", "GET ticker/bookTicker": "get_orderbook_ticker",
    "GET ticker": "get_symbol_ticker_window", "POST order": "create_order", "GET order": "get_order",
    "POST order/test": "create_test_order", "DELETE order": "cancel_order",
    "GET openOrders": "get_open_orders", "DELETE openOrders": "cancel_all_open_orders",
    "GET allOrders": "get_all_orders", "GET myTrades": "get_my_trades", "GET account": "get_account",
    "GET rateLimit/order": "get_current_order_count", "GET myPreventedMatches": "get_prevented_matches",
    "GET myAllocations": "get_allocations", "POST order/cancelReplace": "cancel_replace_order",
    "GET /sapi/v1/asset/tradeFee": "get_trade_fee",
    "GET /sapi/v1/capital/config/getall": "get_all_coins_info",
}  # fmt: skip
SDK_SPOT = {
    "GET ping": "ping", "GET time": "time", "GET exchangeInfo": "exchange_info", "GET depth": "depth",
    "GET trades": "get_trades", "GET klines": "klines", "GET historicalTrades": "historical_trades",
    "GET aggTrades": "agg_trades", "GET uiKlines": "ui_klines", "GET avgPrice": "avg_price",
    "GET ticker/24hr": "ticker24hr", "GET ticker/price": "ticker_price",
    "GET ticker/bookTicker": "ticker_book_ticker", "GET ticker": "ticker",
    "GET ticker/tradingDay": "ticker_trading_day", "POST order": "new_order", "GET order": "get_order",
    "POST order/test": "order_test", "DELETE order": "delete_order", "GET openOrders": "get_open_orders",
    "DELETE openOrders": "delete_open_orders", "GET allOrders": "all_orders", "GET myTrades": "my_trades",
    "GET account": "get_account", "GET account/commission": "account_commission",
    "GET rateLimit/order": "rate_limit_order", "GET myPreventedMatches": "my_prevented_matches",
    "GET myAllocations": "my_allocations", "GET openOrderList": "open_order_list",
    "GET allOrderList": "all_order_list", "GET executionRules": "execution_rules",
    "GET referencePrice": "reference_price", "GET myFilters": "my_filters",
    "GET order/amendments": "order_amendments",
    "PUT order/amend/keepPriority": "order_amend_keep_priority",
    "POST order/cancelReplace": "order_cancel_replace", "POST sor/order": "sor_order",
}  # fmt: skip


def ccxt_binance(venues: SimulatedVenues) -> ccxt.binance:
    """Return ccxt's client, pointed at the simulator."""
    exchange = ccxt.binance({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    exchange.quoteJsonNumbers = False
    exchange.options["fetchMarkets"] = {"types": ["spot"]}
    rest = dict.fromkeys(("public", "private", "v1"), venues.binance + "/api/v3")
    sapi = {name: f"{venues.binance}/sapi/v{version}" for name, version in (("sapi", 1), ("sapiV3", 3))}
    exchange.urls["api"] = exchange.urls["api"] | rest | sapi
    return exchange


def by_ccxt(exchange: ccxt.binance) -> Speak:
    """Speak through ccxt's raw calls."""

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        method, path = endpoint.split()
        _root, room, _version, name = path.split("/", 3)
        api = "sapi" if room == "sapi" else "private" if _is_signed(method, name) else "public"
        try:
            return exchange.request(name, [api], method, dict(params))
        except ccxt.BaseError as error:
            raise Refused(0, said_by(exchange, "code") or str(error)) from error

    return speak


def said_by(exchange: ccxt.Exchange, field: str) -> str:
    """Return a field of the last answer, however deep, or nothing if that was not JSON."""
    found = re.search(rf'"{field}":\s*"?([\w-]+)', exchange.last_http_response or "")
    return found[1] if found else ""


def _is_signed(method: str, name: str) -> bool:
    private = ("order", "account", "all", "my", "open", "rateLimit", "sor")
    return method != "GET" or name.startswith(private)


def by_python_binance(venues: SimulatedVenues) -> Speak:
    """Speak through python-binance."""
    client = Client(KEY, SECRET, ping=False)
    client.API_URL, client.MARGIN_API_URL = venues.binance + "/api", venues.binance + "/sapi"

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        ask: Callable[..., Any] = getattr(client, _function(PYTHON_BINANCE, endpoint))
        if ask == client.get_exchange_info and params:
            raise Unspoken
        try:
            return ask(**params)
        except BinanceAPIException as error:
            raise Refused(error.status_code, str(error.code)) from error

    return speak


def by_sdk_spot(venues: SimulatedVenues) -> Speak:
    """Speak through Binance's own SDK."""
    place = ConfigurationRestAPI(api_key=KEY, api_secret=SECRET, base_path=venues.binance, retries=0)
    client = Spot(config_rest_api=place).rest_api

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        ask: Callable[..., Any] = getattr(client, _function(SDK_SPOT, endpoint))
        given = {_snake(name): _typed(name, value) for name, value in params.items()}
        try:
            return _plain(ask(**given).data())
        except Error as error:
            words = str(getattr(error, "error_message", error))
            raise Refused(0, next((code for said, code in WORDS.items() if said in words), words)) from error

    return speak


def _function(table: dict[str, str], endpoint: str) -> str:
    name = table.get(endpoint.replace("/api/v3/", ""))
    if name is None:
        raise Unspoken
    return name


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda match: "_" + match[1].lower(), name)


def _typed(name: str, value: Any) -> Any:
    if name == "symbols":
        return json.loads(value)
    return value == "true" if value in ("true", "false") else value


def _plain(model: Any) -> Any:
    """Return the JSON that a model of the SDK was made from."""
    if isinstance(model, list):
        return [_plain(item) for item in model]
    inner = getattr(model, "actual_instance", None)
    if inner is not None:
        return _plain(inner)
    if not hasattr(model, "model_dump"):
        return model
    return _without_wrapping(model.model_dump(by_alias=True, exclude_none=True))


def _without_wrapping(value: Any) -> Any:
    """Put fields that the SDK does not know where the venue sent them."""
    if isinstance(value, list):
        return [_without_wrapping(item) for item in value]
    if not isinstance(value, dict):
        return value
    more = value.get("additional_properties", {})
    known = {name: inner for name, inner in value.items() if name != "additional_properties"}
    return {name: _without_wrapping(inner) for name, inner in (known | more).items()}
