"""Handlers of what anybody may ask at Bithumb: markets with their warning, books, tickers, trades."""

from typing import Any, Final

from arb.sim.krw.forms import coin_of
from arb.sim.krw.http_api import Route
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.quotation_routes import Quotation
from arb.sim.krw.switches import MarketEvent

PATHS: Final = frozenset({"/v1/market/all", "/v1/orderbook", "/v1/ticker", "/v1/trades/ticks"})


class BithumbQuotation(Quotation):
    """The public endpoints of the simulated Bithumb."""

    def routes(self) -> list[Route]:
        """Return the public endpoints."""
        return [route for route in super().routes() if route.path in PATHS]

    async def markets(self, parameters: Parameters) -> Any:
        details = (parameters.get("isDetails") or "").lower() == "true"
        rows = [self._market(market) for market in self._tape.books]
        return [row | self._warning(row["market"]) for row in rows] if details else rows

    def _market(self, market: str) -> dict[str, str]:
        coin = coin_of(market)
        return {"market": market, "korean_name": coin, "english_name": coin}

    def _warning(self, market: str) -> dict[str, str]:
        event = self._board.switches.market_events.get(market) or MarketEvent()
        return {"market_warning": "CAUTION" if event.warning else "NONE"}
