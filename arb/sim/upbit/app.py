"""The simulated Upbit: REST and WebSocket over the shared engine.

`build` is what `python -m arb.sim upbit` runs. Endpoints: docs/protocols/upbit.md, and
/sim/* for checkers and operators.
"""

from collections.abc import Mapping

from aiohttp import web

from arb.sim.core.book import SimulatedBook
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import shown
from arb.sim.core.rules import QuoteFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.krw.auth import ANY_KEY, VIEW_ORDERS
from arb.sim.krw.forms import QUOTE, market_code
from arb.sim.krw.private_stream import PrivateStream
from arb.sim.krw.public_stream import PublicStream
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.socket_routes import SocketEndpoint, Sockets
from arb.sim.krw.subscription import INFO_TYPES, PRIVATE_TYPES, PUBLIC_TYPES
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import uuid_source
from arb.sim.upbit.api import UpbitApi
from arb.sim.upbit.house import INFO_PATH, UPBIT
from arb.sim.upbit.info_stream import InfoStream
from arb.sim.venues import KRW_LOT


def venue_rules(context: VenueContext) -> VenueRules:
    """Return what the engine must know about Upbit."""
    return VenueRules(
        venue=context.venue,
        quote=QUOTE,
        fees=QuoteFee(context.config.fee_bps(context.venue)),
        lot=lambda _coin: KRW_LOT,
        symbol=market_code,
        order_id=uuid_source(context.config.seed, "order"),
        fill_id=uuid_source(context.config.seed, "trade"),
        cancels_post_only=True,
    )


def build(context: VenueContext) -> web.Application:
    """Return the application of one simulated Upbit."""
    app = web.Application()
    exchange = Exchange(
        venue_rules(context), context.journal, context.clock, context.config.opening(context.venue)
    )
    board, tape = Switchboard(context, UPBIT), PublicTape(context.config.seed, context.venue)
    api = UpbitApi(context, exchange, tape, board)
    public, private = PublicStream(context, UPBIT, tape, board), PrivateStream(context, UPBIT, exchange)
    api.service.subscribe(private.tell)
    exchange.subscribe(tape.follow)
    exchange.subscribe(private.follow)
    info = InfoStream(context, tape)
    endpoints = (
        SocketEndpoint(path=UPBIT.public_path, stream=public, types=PUBLIC_TYPES),
        SocketEndpoint(path=UPBIT.private_path, stream=private, types=PRIVATE_TYPES, permission=VIEW_ORDERS),
        SocketEndpoint(path=INFO_PATH, stream=info, types=INFO_TYPES, permission=ANY_KEY),
    )
    sockets = Sockets(context, board, api.http_api, endpoints)

    def publish(step: int, _due_ns: int, books: Mapping[str, SimulatedBook]) -> None:
        named = {market_code(coin): shown(context.faults, coin, book) for coin, book in books.items()}
        public.publish(tape.advance(step, context.now_ns(), named))
        info.publish()

    api.install(app)
    app.add_routes(sockets.routes())
    app.add_routes(board.routes())
    install(app, context, exchange, sockets.strike, publish)
    return app
