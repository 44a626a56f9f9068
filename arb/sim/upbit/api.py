"""The REST API of the venue, by chapter, behind one door: one half of the application.

The other half is the WebSocket streams (socket_routes.py), which stand behind the same door.
"""

from aiohttp import web

from arb.sim.core.exchange import Exchange
from arb.sim.core.stage import Stage
from arb.sim.krw.account_routes import Account
from arb.sim.krw.candle_routes import CandleRoutes
from arb.sim.krw.desk import Desk, later
from arb.sim.krw.door import Door
from arb.sim.krw.forms import market_code
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.quotation_routes import Quotation
from arb.sim.krw.switches import Switchboard
from arb.sim.upbit.cancel_routes import Canceling
from arb.sim.upbit.house import UPBIT
from arb.sim.upbit.lookup_routes import UpbitLookup
from arb.sim.upbit.order_routes import Ordering
from arb.sim.upbit.transfer_routes import TransferRoutes
from arb.sim.upbit.transfers import Transfers


class Api:
    """Quotation, balances, deposits and withdrawals, and orders looked up, made and ended."""

    def __init__(self, stage: Stage, exchange: Exchange, tape: PublicTape, board: Switchboard) -> None:
        self.desk = Desk(stage, UPBIT, exchange, later)
        self.door = Door(stage, UPBIT, board, exchange.reject, exchange.records.shelf.spend)
        coins = frozenset(stage.market.coins(stage.venue))
        markets = frozenset(map(market_code, coins))
        account = Account(stage, exchange, board, markets)
        transfers = Transfers(stage.config.seed, stage.journal.replay())
        exchange.subscribe(transfers.follow)
        lookup = UpbitLookup(stage, exchange, self.desk)
        self._routes = [
            *Quotation(stage, exchange, tape, board).routes(),
            *CandleRoutes(tape).routes(),
            *account.routes(),
            *TransferRoutes(stage, account, coins, transfers).routes(),
            *lookup.routes(),
            *Ordering(exchange, self.desk, lookup, board, markets).routes(),
            *Canceling(self.desk, lookup).routes(),
        ]

    def install(self, app: web.Application) -> None:
        """Add every endpoint to the application."""
        self.door.install(app, self._routes)
