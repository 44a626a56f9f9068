"""The REST API of the venue, by chapter, behind one HTTP API: one half of the application.

The other half is the WebSocket streams (socket_routes.py), which stand behind the same HTTP API.
"""

from aiohttp import web

from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.krw.account_routes import AccountRoutes
from arb.sim.krw.candle_routes import CandleRoutes
from arb.sim.krw.forms import market_code
from arb.sim.krw.http_api import HttpApi
from arb.sim.krw.order_service import OrderService, later
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.quotation_routes import Quotation
from arb.sim.krw.switches import Switchboard
from arb.sim.upbit.cancel_routes import Canceling
from arb.sim.upbit.house import UPBIT
from arb.sim.upbit.lookup_routes import UpbitLookup
from arb.sim.upbit.order_routes import Ordering
from arb.sim.upbit.transfer_routes import TransferRoutes
from arb.sim.upbit.transfers import Transfers


class UpbitApi:
    """Quotation, balances, deposits and withdrawals, and orders looked up, made and ended."""

    def __init__(
        self, context: VenueContext, exchange: Exchange, tape: PublicTape, board: Switchboard
    ) -> None:
        self.service = OrderService(context, UPBIT, exchange, later)
        self.http_api = HttpApi(context, UPBIT, board, exchange.reject, exchange.records.archive.spend)
        coins = frozenset(context.market.coins(context.venue))
        markets = frozenset(map(market_code, coins))
        account = AccountRoutes(context, exchange, board, markets)
        transfers = Transfers(context.config.seed, context.journal.replay())
        exchange.subscribe(transfers.follow)
        lookup = UpbitLookup(context, exchange, self.service)
        self._routes = [
            *Quotation(context, exchange, tape, board).routes(),
            *CandleRoutes(tape).routes(),
            *account.routes(),
            *TransferRoutes(context, account, coins, transfers).routes(),
            *lookup.routes(),
            *Ordering(exchange, self.service, lookup, board, markets).routes(),
            *Canceling(self.service, lookup).routes(),
        ]

    def install(self, app: web.Application) -> None:
        """Add every endpoint to the application."""
        self.http_api.install(app, self._routes)
