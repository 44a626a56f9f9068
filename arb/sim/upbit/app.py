"""The simulated Upbit: REST and WebSocket over the shared engine.

`build` is what `python -m arb.sim upbit` runs. Endpoints: exchange_protocols.md 2.1 to 2.8, and
/sim/* for checkers and operators.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web

from arb.domain.time import NS_PER_S
from arb.sim.core.admin import reply
from arb.sim.core.book import Book
from arb.sim.core.exchange import Exchange
from arb.sim.core.faults import Call
from arb.sim.core.faults import Stage as FaultStage
from arb.sim.core.market import UPBIT_LOT
from arb.sim.core.rules import QuoteFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.core.stage import Stage
from arb.sim.upbit.account_routes import Account
from arb.sim.upbit.cancel_routes import Canceling
from arb.sim.upbit.desk import Desk
from arb.sim.upbit.door import Door
from arb.sim.upbit.forms import QUOTE
from arb.sim.upbit.ids import uuid_source
from arb.sim.upbit.lookup_routes import Lookup
from arb.sim.upbit.order_routes import Ordering
from arb.sim.upbit.private_stream import PrivateStream
from arb.sim.upbit.public_stream import PublicStream
from arb.sim.upbit.public_tape import PublicTape
from arb.sim.upbit.quotation_routes import Quotation
from arb.sim.upbit.socket_routes import PRIVATE_PATH, PUBLIC_PATH, Sockets
from arb.sim.upbit.switches import Switchboard


def market_code(coin: str) -> str:
    """Return Upbit's name of the KRW market of a coin."""
    return f"{QUOTE}-{coin}"


def venue_rules(stage: Stage) -> VenueRules:
    """Return what the engine must know about Upbit."""
    return VenueRules(
        venue=stage.venue,
        quote=QUOTE,
        fees=QuoteFee(stage.config.fees_bps.upbit),
        lot=lambda _coin: UPBIT_LOT,
        symbol=market_code,
        order_id=uuid_source(stage.config.seed, "order"),
        fill_id=uuid_source(stage.config.seed, "trade"),
        cancels_post_only=True,
    )


def build(stage: Stage) -> web.Application:
    """Return the application of one simulated Upbit."""
    app = web.Application()
    exchange = Exchange(venue_rules(stage), stage.journal, stage.clock, stage.config.balances.upbit)
    board, tape = Switchboard(), PublicTape(stage.config.seed)
    desk = Desk(stage, exchange, _later)
    public, private = PublicStream(stage, tape, board), PrivateStream(stage, exchange)
    desk.subscribe(private.tell)
    exchange.subscribe(tape.follow)

    def publish(step: int, books: Mapping[str, Book]) -> None:
        _drop_sockets(stage, public, private)
        named = {market_code(coin): book for coin, book in books.items()}
        public.publish(tape.advance(step, stage.now_ns(), named))

    door, lookup = (
        Door(stage, board, exchange.reject, exchange.records.shelf.spend),
        Lookup(stage, exchange, desk),
    )
    markets = frozenset(market_code(coin) for coin in stage.market.coins(stage.venue))
    door.install(app, Quotation(stage, exchange, tape, board).routes())
    door.install(app, Account(exchange, markets).routes())
    door.install(app, lookup.routes())
    door.install(app, Ordering(exchange, desk, lookup, board, markets).routes())
    door.install(app, Canceling(desk, lookup).routes())
    app.add_routes(Sockets(stage, board, door, public, private).routes())
    app.add_routes(_switch_routes(board))
    install(app, stage, exchange, publish)
    return app


def _later(delay_ns: int, action: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(delay_ns / NS_PER_S, action)


def _drop_sockets(stage: Stage, public: PublicStream, private: PrivateStream) -> None:
    """Cut the connections a fault names by path; a fault without one cuts them all."""
    for path, stream in ((PUBLIC_PATH, public), (PRIVATE_PATH, private)):
        fault = stage.faults.strike(FaultStage.SOCKET, Call(endpoint=path))
        if fault is not None and fault.endpoint is None:
            public.drop_all()
            private.drop_all()
            return
        if fault is not None:
            stream.drop_all()


def _switch_routes(board: Switchboard) -> list[web.RouteDef]:
    async def show(_request: web.Request) -> web.Response:
        return reply(msgspec.to_builtins(board.switches))

    async def replace(request: web.Request) -> web.Response:
        try:
            return reply(msgspec.to_builtins(board.replace(await request.read())))
        except msgspec.DecodeError as error:
            return reply({"error": str(error)}, status=400)

    return [web.get("/sim/upbit/switches", show), web.put("/sim/upbit/switches", replace)]
