"""Upbit's minute candles: `to` is UTC. Source: the documentation of `GET /v1/candles/minutes/{unit}`."""

from datetime import UTC, datetime
from typing import Final

from arb.domain.market.ids import Symbol
from arb.venues.krw import candles
from arb.venues.request import HttpRequest

GROUP: Final = "candle"


def request(symbol: Symbol, interval_s: int, from_s: int, to_s: int) -> HttpRequest:
    """Return the request for the candles that begin from one moment to before another."""
    to = datetime.fromtimestamp(to_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return candles.request(symbol, interval_s, -(-(to_s - from_s) // interval_s), to, GROUP)
