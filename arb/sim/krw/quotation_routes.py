"""Handlers of the quotation API: markets, order books, tickers, trades."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.market_faults import shown
from arb.sim.krw.errors import quotation_rejection
from arb.sim.krw.forms import QUOTE, coin_of
from arb.sim.krw.http_api import Route
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.public_trades import tick_json
from arb.sim.krw.quotation import grouped, grouping_levels, orderbook_fields
from arb.sim.krw.subscription import ORDERBOOK_UNIT_DEFAULT
from arb.sim.krw.switches import MarketEvent, Switchboard
from arb.sim.krw.text import milliseconds, number
from arb.sim.krw.tickers import ticker_json

MISSING: Final = "Missing request parameter error. Check the required parameters!"
UNKNOWN_CODE: Final = "Code not found"
BAD_VALUE: Final = "Type mismatch error. Check the parameters type!"


class Quotation:
    """The public endpoints that venues in KRW share."""

    def __init__(
        self, context: VenueContext, exchange: Exchange, tape: PublicTape, board: Switchboard
    ) -> None:
        self._context = context
        self._exchange = exchange
        self._tape = tape
        self._board = board

    def routes(self) -> list[Route]:
        """Return the public endpoints."""
        return [
            Route(method="GET", path="/v1/market/all", group="market", handler=self.markets),
            Route(method="GET", path="/v1/orderbook", group="orderbook", handler=self.orderbooks),
            Route(
                method="GET", path="/v1/orderbook/instruments", group="orderbook", handler=self.instruments
            ),
            Route(
                method="GET", path="/v1/orderbook/supported_levels", group="orderbook", handler=self.levels
            ),
            Route(method="GET", path="/v1/ticker", group="ticker", handler=self.tickers),
            Route(method="GET", path="/v1/ticker/all", group="ticker", handler=self.all_tickers),
            Route(method="GET", path="/v1/trades/ticks", group="trade", handler=self.ticks),
        ]

    async def markets(self, parameters: Parameters) -> Any:
        details = (parameters.get("is_details") or "").lower() == "true"
        rows: list[dict[str, Any]] = []
        for market in self._tape.books:
            coin = coin_of(market)
            row: dict[str, Any] = {"market": market, "korean_name": coin, "english_name": coin}
            if details:
                event = self._board.switches.market_events.get(market) or MarketEvent()
                row["market_event"] = msgspec.to_builtins(event)
            rows.append(row)
        return rows

    async def orderbooks(self, parameters: Parameters) -> Any:
        count = self._count(parameters, ORDERBOOK_UNIT_DEFAULT)
        level = self._level(parameters)
        rows = []
        for market in self._markets(parameters, "markets"):
            book = shown(self._context.faults, coin_of(market), self._exchange.book(coin_of(market)))
            if level and format(level, "f") not in grouping_levels(self._unit(market)):
                raise quotation_rejection(400, "Not supported level")
            fields = orderbook_fields(grouped(book, level), milliseconds(self._context.now_ns()), count)
            rows.append({"market": market, **fields, "level": level})
        return rows

    async def instruments(self, parameters: Parameters) -> Any:
        return [
            {
                "market": market,
                "quote_currency": "KRW",
                "tick_size": format(self._unit(market), "f"),
                "supported_levels": grouping_levels(self._unit(market)),
            }
            for market in self._markets(parameters, "markets")
        ]

    async def levels(self, parameters: Parameters) -> Any:
        return [
            {
                "market": market,
                "supported_levels": [number(Decimal(level)) for level in grouping_levels(self._unit(market))],
            }
            for market in self._markets(parameters, "markets")
        ]

    async def all_tickers(self, parameters: Parameters) -> Any:
        quotes = parameters.all("quote_currencies")
        if not quotes:
            raise quotation_rejection(400, MISSING)
        now_ns = self._context.now_ns()
        days = self._tape.days if QUOTE in quotes else {}
        return [ticker_json(market, day, now_ns) for market, day in days.items()]

    async def tickers(self, parameters: Parameters) -> Any:
        now_ns = self._context.now_ns()
        markets = self._markets(parameters, "markets")
        return [ticker_json(market, self._tape.days[market], now_ns) for market in markets]

    async def ticks(self, parameters: Parameters) -> Any:
        market = self._markets(parameters, "market")[0]
        count = self._count(parameters, 500) if parameters.get("count") else 1
        trades = list(self._tape.recent[market])[-count:]
        opening = self._tape.days[market].opening
        return [tick_json(market, trade, opening) for trade in reversed(trades)]

    def _unit(self, market: str) -> Decimal:
        return self._board.unit_at(market, self._tape.best_price(market))

    def _markets(self, parameters: Parameters, name: str) -> list[str]:
        markets = parameters.all(name)
        if not markets:
            raise quotation_rejection(400, MISSING)
        if any(market not in self._tape.books for market in markets):
            raise quotation_rejection(404, UNKNOWN_CODE)
        return markets

    def _count(self, parameters: Parameters, maximum: int) -> int:
        text = parameters.get("count") or str(maximum)
        if not text.isdecimal() or int(text) < 1:
            raise quotation_rejection(400, BAD_VALUE)
        return min(int(text), maximum)

    def _level(self, parameters: Parameters) -> Decimal:
        text = parameters.get("level") or "0"
        if not text.replace(".", "", 1).isdecimal():
            raise quotation_rejection(400, BAD_VALUE)
        return Decimal(text)
