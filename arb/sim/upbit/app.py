"""The simulated Upbit: REST and WebSocket over the shared engine.

`build` is what `python -m arb.sim upbit` runs. Endpoints: exchange_protocols.md 2.1 to 2.8, and
/sim/* for checkers and operators.
"""

from collections.abc import Mapping

from aiohttp import web

from arb.sim.core.book import Book
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import shown
from arb.sim.core.rules import QuoteFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.core.stage import Stage
from arb.sim.krw.auth import ANY_KEY, VIEW_ORDERS
from arb.sim.krw.forms import QUOTE, market_code
from arb.sim.krw.private_stream import PrivateStream
from arb.sim.krw.public_stream import PublicStream
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.socket_routes import SocketEndpoint, Sockets
from arb.sim.krw.subscription import INFO_TYPES, PRIVATE_TYPES, PUBLIC_TYPES
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import uuid_source
from arb.sim.upbit.api import Api
from arb.sim.upbit.house import INFO_PATH, UPBIT
from arb.sim.upbit.info_stream import InfoStream
from arb.sim.venues import KRW_LOT


def venue_rules(stage: Stage) -> VenueRules:
    """Return what the engine must know about Upbit."""
    return VenueRules(
        venue=stage.venue,
        quote=QUOTE,
        fees=QuoteFee(stage.config.fee_bps(stage.venue)),
        lot=lambda _coin: KRW_LOT,
        symbol=market_code,
        order_id=uuid_source(stage.config.seed, "order"),
        fill_id=uuid_source(stage.config.seed, "trade"),
        cancels_post_only=True,
    )


def build(stage: Stage) -> web.Application:
    """Return the application of one simulated Upbit."""
    app = web.Application()
    exchange = Exchange(venue_rules(stage), stage.journal, stage.clock, stage.config.opening(stage.venue))
    board, tape = Switchboard(stage, UPBIT), PublicTape(stage.config.seed, stage.venue)
    api = Api(stage, exchange, tape, board)
    public, private = PublicStream(stage, UPBIT, tape, board), PrivateStream(stage, UPBIT, exchange)
    api.desk.subscribe(private.tell)
    exchange.subscribe(tape.follow)
    exchange.subscribe(private.follow)
    info = InfoStream(stage, tape)
    endpoints = (
        SocketEndpoint(path=UPBIT.public_path, stream=public, types=PUBLIC_TYPES),
        SocketEndpoint(path=UPBIT.private_path, stream=private, types=PRIVATE_TYPES, permission=VIEW_ORDERS),
        SocketEndpoint(path=INFO_PATH, stream=info, types=INFO_TYPES, permission=ANY_KEY),
    )
    sockets = Sockets(stage, board, api.door, endpoints)

    def publish(step: int, books: Mapping[str, Book]) -> None:
        sockets.strike()
        named = {market_code(coin): shown(stage.faults, coin, book) for coin, book in books.items()}
        public.publish(tape.advance(step, stage.now_ns(), named))
        info.publish()

    api.install(app)
    app.add_routes(sockets.routes())
    app.add_routes(board.routes())
    install(app, stage, exchange, publish)
    return app
