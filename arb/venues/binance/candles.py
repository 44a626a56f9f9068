"""Binance's klines. Source: the venue's documentation of `GET /api/v3/klines`."""

from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.candle import Candle
from arb.domain.market.ids import Symbol
from arb.venues.binance.names import venue_symbol
from arb.venues.reply import amount, positive
from arb.venues.request import HttpRequest

ROWS_MAX: Final = 1_000
NAMES: Final = {60: "1m", 180: "3m", 300: "5m", 900: "15m", 1_800: "30m", 3_600: "1h", 14_400: "4h"}


def request(symbol: Symbol, interval_s: int, from_s: int, to_s: int) -> HttpRequest:
    """Return the request for the candles that begin from one moment to before another."""
    query = {
        "symbol": venue_symbol(symbol),
        "interval": NAMES[interval_s],
        "startTime": str(from_s * 1_000),
        "endTime": str(to_s * 1_000 - 1),
        "limit": str(ROWS_MAX),
    }
    return HttpRequest(method="GET", path="/api/v3/klines", query=urlencode(query), weight=2)


def candles(body: Any) -> tuple[Candle, ...]:
    """Return the candles of a reply. Raises: ValueError, LookupError, ArithmeticError."""
    return tuple(
        Candle(
            begins_s=int(row[0]) // 1_000,
            opening=positive(row[1]),
            high=positive(row[2]),
            low=positive(row[3]),
            closing=positive(row[4]),
            volume=amount(row[5]),
        )
        for row in body
        if int(row[8])  # trades: a minute without any repeats the price before it
    )
