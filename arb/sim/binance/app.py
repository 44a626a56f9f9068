"""The simulated Binance: REST, WebSocket API, user data and market streams over the shared engine.

`build` is what `python -m arb.sim binance` runs. Source of every rule: binance/binance-spot-api-docs,
state of 2026-07.
"""

from collections.abc import Mapping

from aiohttp import web

from arb.sim.binance.api import Api
from arb.sim.binance.books import PublishedBooks
from arb.sim.binance.feed import Feed
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.rest import unknown_paths
from arb.sim.binance.symbols import QUOTE, symbol_name
from arb.sim.core.book import Book
from arb.sim.core.exchange import Exchange
from arb.sim.core.rules import ReceivedAssetFee, VenueRules
from arb.sim.core.serve import install
from arb.sim.core.stage import Stage


def venue_rules(stage: Stage) -> VenueRules:
    """Return what the engine must know about Binance."""
    lots = {coin.name: coin.lot for coin in stage.config.coin_table()}
    return VenueRules(
        venue=stage.venue,
        quote=QUOTE,
        fees=ReceivedAssetFee(stage.config.fee_bps(stage.venue)),
        lot=lots.__getitem__,
        symbol=symbol_name,
        order_id=str,
        fill_id=str,
    )


def build(stage: Stage) -> web.Application:
    """Return the application of the simulated venue."""
    exchange = Exchange(venue_rules(stage), stage.journal, stage.clock, stage.config.opening(stage.venue))
    books = PublishedBooks(exchange, stage.faults)
    trades = PublicTrades(stage.config.seed)
    api = Api(stage, exchange, books, trades)
    feed = Feed(stage, exchange, books, trades, api.drop_all)
    app = web.Application(middlewares=[unknown_paths])
    app.add_routes(api.routes())
    feed.install(app)

    def publish(step: int, books: Mapping[str, Book]) -> None:
        api.step()
        feed.step(step, books)

    install(app, stage, exchange, publish)
    return app
