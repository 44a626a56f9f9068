"""The REST API by chapter: quotation, balances, and orders looked up, made and ended."""

from arb.sim.core.exchange import Exchange
from arb.sim.core.stage import Stage
from arb.sim.upbit.account_routes import Account
from arb.sim.upbit.cancel_routes import Canceling
from arb.sim.upbit.desk import Desk
from arb.sim.upbit.door import Route
from arb.sim.upbit.forms import market_code
from arb.sim.upbit.lookup_routes import Lookup
from arb.sim.upbit.order_routes import Ordering
from arb.sim.upbit.public_tape import PublicTape
from arb.sim.upbit.quotation_routes import Quotation
from arb.sim.upbit.switches import Switchboard


def rest_routes(
    stage: Stage, exchange: Exchange, desk: Desk, tape: PublicTape, board: Switchboard
) -> list[Route]:
    """Return every endpoint, to be installed behind the door."""
    markets = frozenset(market_code(coin) for coin in stage.market.coins(stage.venue))
    lookup = Lookup(stage, exchange, desk)
    return [
        *Quotation(stage, exchange, tape, board).routes(),
        *Account(exchange, markets).routes(),
        *lookup.routes(),
        *Ordering(exchange, desk, lookup, board, markets).routes(),
        *Canceling(desk, lookup).routes(),
    ]
