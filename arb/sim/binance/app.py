"""The simulated Binance: REST, WebSocket API, user data and market streams over the shared engine.

`build` is what `python -m arb.sim binance` runs. Source of every rule: binance/binance-spot-api-docs,
state of 2026-07.
"""

from aiohttp import web

from arb.sim.binance.api import BinanceApi
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.feed import BinanceFeed
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.rest import unknown_paths
from arb.sim.binance.symbols import QUOTE, symbol_name
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.rules import ReceivedAssetFee, VenueRules
from arb.sim.core.serve import install


def _venue_rules(context: VenueContext) -> VenueRules:
    """Return what the engine must know about Binance."""
    lots = {coin.name: coin.lot for coin in context.config.coin_table()}
    return VenueRules(
        venue=context.venue,
        quote=QUOTE,
        fees=ReceivedAssetFee(context.config.fee_bps(context.venue)),
        lot=lots.__getitem__,
        symbol=symbol_name,
        order_id=str,
        fill_id=str,
    )


def build(context: VenueContext) -> web.Application:
    """Return the application of the simulated venue."""
    exchange = Exchange(
        _venue_rules(context), context.journal, context.clock, context.config.opening(context.venue)
    )
    books = PublishedBooks(exchange, context.faults)
    trades = PublicTrades(context.config.seed)
    api = BinanceApi(context, exchange, books, trades)
    feed = BinanceFeed(context, exchange, books, trades, api.drop_all)
    app = web.Application(middlewares=[unknown_paths])
    app.add_routes(api.routes())
    feed.install(app)

    def cut() -> None:
        api.cut()
        feed.cut()

    install(app, context, exchange, cut, feed.show)
    return app
