"""The calls of the venue by REST and WebSocket, and the account's events: one half of the application.

The other half is the market data (feed.py). Both see the same published books.
"""

from functools import partial

import msgspec
from aiohttp import web

from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.call_service import CallService
from arb.sim.binance.endpoints import history_endpoints, public_endpoints, signed_endpoints
from arb.sim.binance.history import PublicHistory
from arb.sim.binance.limits import LimitSwitches, WeightLimits
from arb.sim.binance.lookup import BinanceLookup
from arb.sim.binance.market_data import MarketData
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.replacing import Replacing
from arb.sim.binance.rest import rest_routes
from arb.sim.binance.symbols import LiveSymbols, make_symbols
from arb.sim.binance.trading import OrderEntry
from arb.sim.binance.user_stream import UserEventStream
from arb.sim.binance.ws_api import WebSocketApi
from arb.sim.core.admin import reply
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind


class BinanceApi:
    """Answers calls, and tells user data subscribers what became of their orders."""

    def __init__(
        self, context: VenueContext, exchange: Exchange, books: PublishedBooks, trades: PublicTrades
    ) -> None:
        self._context = context
        symbols = LiveSymbols(make_symbols(context.config.coin_table()), context.faults)
        self._limits = WeightLimits(context.clock)
        self._trading = OrderEntry(context, exchange, symbols, self._limits, trades)
        lookup = BinanceLookup(context, exchange, symbols)
        replacing = Replacing(exchange, self._trading, lookup, self._limits)
        self._endpoints = [
            *public_endpoints(MarketData(context, symbols, books, trades)),
            *history_endpoints(PublicHistory(symbols, trades)),
            *signed_endpoints(self._trading, replacing, lookup, self._limits),
        ]
        self._service = CallService(context, exchange, self._limits, self._trading.new_client_id)
        self._users = UserEventStream(exchange, context.faults, self._trading.cancel_ids)
        self._sockets = WebSocketApi(self._service, self._endpoints, self._limits, self._users, context)
        exchange.subscribe(self._trading.on_event)
        exchange.subscribe(self._users.on_event)

    def drop_all(self) -> None:
        """Cut every connection of the WebSocket API."""
        self._sockets.drop_all()

    def cut(self) -> None:
        """Cut the subscribers of an account whose key is revoked."""
        if self._context.faults.standing(FaultKind.REVOKED_KEY) is not None:
            self._users.drop_all()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            *rest_routes(self._endpoints, self._service, self._limits),
            *self._sockets.routes(),
            web.get("/sapi/v1/system/status", self.system_status),
            web.put("/sim/binance/limits", partial(_replace_limits, self._limits)),
        ]

    async def system_status(self, _request: web.Request) -> web.Response:
        """Tell whether the venue is under maintenance; this answers during it, too."""
        is_announced = self._context.faults.announces_maintenance()
        return reply(
            {"status": 1, "msg": "system_maintenance"} if is_announced else {"status": 0, "msg": "normal"}
        )


async def _replace_limits(limits: WeightLimits, request: web.Request) -> web.Response:
    """PUT JSON; what is left out goes back to the real venue's limit."""
    try:
        switches = msgspec.json.decode(await request.read(), type=LimitSwitches)
    except msgspec.DecodeError as error:
        return reply({"error": str(error)}, status=400)
    limits.replace(switches)
    return reply(msgspec.to_builtins(switches))
