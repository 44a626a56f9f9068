"""The simulated Binance as one web application: everything is put together here."""

from functools import partial

import msgspec
from aiohttp import web

from arb.sim.binance import frames
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.connection import Keepalive
from arb.sim.binance.desk import Desk
from arb.sim.binance.endpoints import public_endpoints, signed_endpoints
from arb.sim.binance.hub import Hub
from arb.sim.binance.limits import Limits, LimitSwitches
from arb.sim.binance.lookup import Lookup
from arb.sim.binance.market_data import MarketData
from arb.sim.binance.publisher import Publisher
from arb.sim.binance.replay import Replay
from arb.sim.binance.rest import rest_routes
from arb.sim.binance.streams import Streams
from arb.sim.binance.symbols import QUOTE, make_symbols, symbol_name
from arb.sim.binance.trading import Trading
from arb.sim.binance.user_stream import UserStream
from arb.sim.binance.ws_api import ApiDoor
from arb.sim.core.admin import reply
from arb.sim.core.config import SimConfig
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_stream import PublicShaper
from arb.sim.core.market import BINANCE
from arb.sim.core.rules import ReceivedAssetFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.core.stage import Stage
from arb.sim.core.tape import has_frame_tape


def venue_rules(config: SimConfig) -> VenueRules:
    """Return what the engine must know about Binance."""
    lots = {coin.name: coin.lot for coin in config.coin_table()}
    return VenueRules(
        venue=BINANCE,
        quote=QUOTE,
        fees=ReceivedAssetFee(config.fees_bps.binance),
        lot=lots.__getitem__,
        symbol=symbol_name,
        order_id=str,
        fill_id=str,
    )


def build(stage: Stage) -> web.Application:
    """Return the application of the simulated venue."""
    symbols = make_symbols(stage.config.coin_table())
    rules = venue_rules(stage.config)
    exchange = Exchange(rules, stage.journal, stage.clock, stage.config.balances.binance)
    limits = Limits(stage.clock)
    books = PublishedBooks(exchange)
    trading = Trading(stage, exchange, symbols, limits)
    lookup = Lookup(stage, exchange, symbols)
    desk = Desk(stage, exchange, limits, trading.new_client_id)
    endpoints = [
        *public_endpoints(MarketData(stage, symbols, books)),
        *signed_endpoints(trading, lookup, limits),
    ]
    users = UserStream(exchange, stage.faults, trading.cancel_ids)
    api = ApiDoor(desk, endpoints, limits, users, stage.clock)
    hub = Hub(PublicShaper(stage.faults, stage.clock, frames.crossed))
    streams = Streams(hub, stage.clock, Keepalive())
    publisher = Publisher(stage, books, hub, (streams.drop_all, api.drop_all))
    for listener in (trading.on_event, users.on_event, publisher.on_event):
        exchange.subscribe(listener)
    app = web.Application()
    app.add_routes([*rest_routes(endpoints, desk, limits), *streams.routes(), *api.routes()])
    app.router.add_put("/sim/binance/limits", partial(_replace_limits, limits))
    if has_frame_tape(stage.config):
        app.cleanup_ctx.append(Replay(stage, exchange, books, hub, publisher).run)
    install(app, stage, exchange, publisher.step)
    return app


async def _replace_limits(limits: Limits, request: web.Request) -> web.Response:
    """PUT JSON; what is left out goes back to the real venue's limit."""
    try:
        switches = msgspec.json.decode(await request.read(), type=LimitSwitches)
    except msgspec.DecodeError as error:
        return reply({"error": str(error)}, status=400)
    limits.replace(switches)
    return reply(msgspec.to_builtins(switches))
