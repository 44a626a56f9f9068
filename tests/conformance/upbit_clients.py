"""The public clients of Upbit that speak all of it, each told by its own configuration where the venue is."""

import re
import time
from collections.abc import Callable
from typing import Any

import ccxt
from upbit import APIStatusError, Upbit

from tests.conformance.binance_clients import said_by
from tests.conformance.judge import Refused, Unspoken
from tests.conformance.simulated_venues import KEY, SECRET, SimulatedVenues
from tests.conformance.upbit_calls import PACE_S, Speak

SDK = {
    "GET /market/all": "trading_pairs.list", "GET /ticker": "tickers.list_by_trading_pairs",
    "GET /ticker/all": "tickers.list_by_quote_currencies", "GET /orderbook": "orderbooks.list",
    "GET /orderbook/instruments": "orderbooks.list_instruments", "GET /trades/ticks": "trades.list",
    "GET /candles/seconds": "candles.list_seconds", "GET /candles/days": "candles.list_days",
    "GET /candles/weeks": "candles.list_weeks", "GET /candles/months": "candles.list_months",
    "GET /candles/years": "candles.list_years", "GET /accounts": "accounts.list",
    "GET /api_keys": "api_keys.list", "GET /status/wallet": "wallet_status.list",
    "GET /orders/open": "orders.list_open", "GET /orders/closed": "orders.list_closed",
    "GET /orders/uuids": "orders.list_by_uuids", "GET /orders/chance": "orders.retrieve_chance",
    "GET /order": "orders.retrieve", "DELETE /order": "orders.cancel",
    "DELETE /orders/uuids": "orders.cancel_by_uuids", "DELETE /orders/open": "orders.cancel_open",
    "POST /orders": "orders.create", "POST /orders/test": "orders.test_create",
    "POST /orders/cancel_and_new": "orders.cancel_and_new", "GET /deposits": "deposits.list",
    "GET /deposits/coin_addresses": "deposits.list_coin_addresses", "GET /deposit": "deposits.retrieve",
    "GET /withdraws": "withdraws.list", "GET /withdraws/coin_addresses": "withdraws.list_coin_addresses",
    "GET /withdraw": "withdraws.retrieve", "GET /travel_rule/vasps": "travel_rule.list_vasps",
    "GET /pockets": "pockets.list", "GET /deposits/chance/coin": "deposits.retrieve_chance",
    "GET /deposits/coin_address": "deposits.retrieve_coin_address",
    "GET /withdraws/chance": "withdraws.retrieve_chance", "POST /deposits/krw": "deposits.deposit_krw",
    "POST /deposits/generate_coin_address": "deposits.create_coin_address",
    "POST /withdraws/krw": "withdraws.create_krw_withdrawal",
    "POST /withdraws/coin": "withdraws.create_withdrawal",
    "DELETE /withdraws/coin": "withdraws.cancel_withdrawal",
    "POST /travel_rule/deposit/uuid": "travel_rule.verify_deposit_by_uuid",
}  # fmt: skip


def ccxt_upbit(venues: SimulatedVenues) -> ccxt.upbit:
    """Return ccxt's client, pointed at the simulator."""
    exchange = ccxt.upbit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    exchange.quoteJsonNumbers = False
    exchange.urls["api"] = dict.fromkeys(("public", "private"), venues.upbit)
    return exchange


def by_ccxt(exchange: ccxt.upbit) -> Speak:
    """Speak through ccxt's raw calls."""

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        if any(isinstance(value, list) for value in params.values()):
            raise Unspoken
        method, path = endpoint.split()
        public = ("/market", "/ticker", "/orderbook", "/trades", "/candles")
        time.sleep(PACE_S)
        try:
            return exchange.request(
                path[1:], ["public" if path.startswith(public) else "private"], method, params
            )
        except ccxt.BaseError as error:
            raise Refused(0, said_by(exchange, "name") or str(error)) from error

    return speak


def by_sdk(venues: SimulatedVenues) -> Speak:
    """Speak through Upbit's own SDK, which must be able to read each answer, too."""
    client = Upbit(access_key=KEY, secret_key=SECRET, base_url=venues.upbit, max_retries=0)

    def speak(endpoint: str, params: dict[str, Any]) -> Any:
        ask, given = _function(client, endpoint), dict(params)
        if "is_details" in given:
            given["is_details"] = True
        minutes = re.fullmatch(r"GET /candles/minutes/(\d+)", endpoint)
        if minutes:
            given["unit"] = int(minutes[1])
        time.sleep(PACE_S)
        try:
            answer = ask(**given)
            answer.parse()
            return answer.json()
        except APIStatusError as error:
            body = error.body if isinstance(error.body, dict) else {}
            raise Refused(error.status_code, str(body.get("error", body).get("name"))) from error

    return speak


def _function(client: Upbit, endpoint: str) -> Callable[..., Any]:
    name = "candles.list_minutes" if "/candles/minutes/" in endpoint else SDK.get(endpoint)
    if name is None:
        raise Unspoken
    resource, function = name.split(".")
    found: Callable[..., Any] = getattr(getattr(client, resource).with_raw_response, function)
    return found
