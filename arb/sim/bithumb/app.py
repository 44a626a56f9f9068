"""The simulated Bithumb: REST and WebSocket over the shared engine, and over what it shares with Upbit.

`build` is what `python -m arb.sim bithumb` runs. Endpoints: docs/protocols/bithumb.md, and /sim/* for
checkers and operators.
"""

from collections.abc import Mapping

from aiohttp import web

from arb.sim.bithumb.house import BITHUMB
from arb.sim.bithumb.lookup_routes import BithumbLookup
from arb.sim.bithumb.order_routes import BithumbOrdering
from arb.sim.bithumb.quotation_routes import BithumbQuotation
from arb.sim.core.book import SimulatedBook
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import shown
from arb.sim.core.rules import QuoteFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.krw.account_routes import AccountRoutes
from arb.sim.krw.auth import VIEW_ORDERS
from arb.sim.krw.candle_routes import CandleRoutes, korean_moment
from arb.sim.krw.forms import QUOTE, market_code
from arb.sim.krw.http_api import HttpApi
from arb.sim.krw.order_service import OrderService, later
from arb.sim.krw.private_stream import PrivateStream
from arb.sim.krw.public_stream import PublicStream
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.socket_routes import SocketEndpoint, Sockets
from arb.sim.krw.subscription import PRIVATE_TYPES
from arb.sim.krw.switches import Switchboard
from arb.sim.venues import KRW_LOT

PUBLIC_TYPES = frozenset({"orderbook", "trade", "ticker"})


def _venue_rules(context: VenueContext) -> VenueRules:
    """Return what the engine must know about Bithumb."""
    return VenueRules(
        venue=context.venue,
        quote=QUOTE,
        fees=QuoteFee(context.config.fee_bps(context.venue)),
        lot=lambda _coin: KRW_LOT,
        symbol=market_code,
        order_id=lambda number: f"C0101{number:015d}",
        fill_id=lambda number: f"T0101{number:015d}",
        cancels_post_only=True,
    )


def build(context: VenueContext) -> web.Application:
    """Return the application of one simulated Bithumb."""
    app = web.Application()
    exchange = Exchange(
        _venue_rules(context), context.journal, context.clock, context.config.opening(context.venue)
    )
    board, tape = Switchboard(context, BITHUMB), PublicTape(context.config.seed, context.venue)
    service = OrderService(context, BITHUMB, exchange, later)
    http_api = HttpApi(context, BITHUMB, board, exchange.reject, exchange.records.archive.spend)
    public, private = PublicStream(context, BITHUMB, tape, board), PrivateStream(context, BITHUMB, exchange)
    service.subscribe(private.tell)
    exchange.subscribe(tape.follow)
    exchange.subscribe(private.follow)
    endpoints = (
        SocketEndpoint(path=BITHUMB.public_path, stream=public, types=PUBLIC_TYPES),
        SocketEndpoint(
            path=BITHUMB.private_path, stream=private, types=PRIVATE_TYPES, permission=VIEW_ORDERS
        ),
    )
    sockets = Sockets(context, board, http_api, endpoints)

    def publish(step: int, _due_ns: int, books: Mapping[str, SimulatedBook]) -> None:
        named = {market_code(coin): shown(context.faults, coin, book) for coin, book in books.items()}
        public.publish(tape.advance(step, context.now_ns(), named))

    markets = frozenset(market_code(coin) for coin in context.market.coins(context.venue))
    lookup = BithumbLookup(context, exchange, service)
    http_api.install(
        app,
        [
            *BithumbQuotation(context, exchange, tape, board).routes(),
            *CandleRoutes(tape, korean_moment).routes(),
            *AccountRoutes(context, exchange, board, markets).routes(),
            *lookup.routes(),
            *BithumbOrdering(exchange, service, lookup, board, markets).routes(),
        ],
    )
    app.add_routes(sockets.routes())
    app.add_routes(board.routes())
    install(app, context, exchange, sockets.strike, publish)
    return app
