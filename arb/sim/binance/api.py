"""The calls of the venue by REST and WebSocket, and the account's events: one half of the application.

The other half is the market data (feed.py). Both see the same published books.
"""

from functools import partial

import msgspec
from aiohttp import web

from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.desk import Desk
from arb.sim.binance.endpoints import history_endpoints, public_endpoints, signed_endpoints
from arb.sim.binance.history import History
from arb.sim.binance.limits import Limits, LimitSwitches
from arb.sim.binance.lookup import Lookup
from arb.sim.binance.market_data import MarketData
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.replacing import Replacing
from arb.sim.binance.rest import rest_routes
from arb.sim.binance.symbols import LiveSymbols, make_symbols
from arb.sim.binance.trading import Trading
from arb.sim.binance.user_stream import UserStream
from arb.sim.binance.ws_api import ApiDoor
from arb.sim.core.admin import reply
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.core.stage import Stage


class Api:
    """Answers calls, and tells user data subscribers what became of their orders."""

    def __init__(self, stage: Stage, exchange: Exchange, books: PublishedBooks, trades: PublicTrades) -> None:
        self._stage = stage
        symbols = LiveSymbols(make_symbols(stage.config.coin_table()), stage.faults)
        self._limits = Limits(stage.clock)
        self._trading = Trading(stage, exchange, symbols, self._limits, trades)
        lookup = Lookup(stage, exchange, symbols)
        replacing = Replacing(exchange, self._trading, lookup, self._limits)
        self._endpoints = [
            *public_endpoints(MarketData(stage, symbols, books, trades)),
            *history_endpoints(History(symbols, trades)),
            *signed_endpoints(self._trading, replacing, lookup, self._limits),
        ]
        self._desk = Desk(stage, exchange, self._limits, self._trading.new_client_id)
        self._users = UserStream(exchange, stage.faults, self._trading.cancel_ids)
        self._sockets = ApiDoor(self._desk, self._endpoints, self._limits, self._users, stage)
        exchange.subscribe(self._trading.on_event)
        exchange.subscribe(self._users.on_event)

    def drop_all(self) -> None:
        """Cut every connection of the WebSocket API."""
        self._sockets.drop_all()

    def step(self) -> None:
        """Cut the subscribers of an account whose key is revoked."""
        if self._stage.faults.standing(FaultKind.REVOKED_KEY) is not None:
            self._users.drop_all()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            *rest_routes(self._endpoints, self._desk, self._limits),
            *self._sockets.routes(),
            web.get("/sapi/v1/system/status", self.system_status),
            web.put("/sim/binance/limits", partial(_replace_limits, self._limits)),
        ]

    async def system_status(self, _request: web.Request) -> web.Response:
        """Tell whether the venue is under maintenance; this answers during it, too."""
        is_announced = self._stage.faults.announces_maintenance()
        return reply(
            {"status": 1, "msg": "system_maintenance"} if is_announced else {"status": 0, "msg": "normal"}
        )


async def _replace_limits(limits: Limits, request: web.Request) -> web.Response:
    """PUT JSON; what is left out goes back to the real venue's limit."""
    try:
        switches = msgspec.json.decode(await request.read(), type=LimitSwitches)
    except msgspec.DecodeError as error:
        return reply({"error": str(error)}, status=400)
    limits.replace(switches)
    return reply(msgspec.to_builtins(switches))
