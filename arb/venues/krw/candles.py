"""Minute candles of venues that quote in KRW, which differ in the clock by which `to` is read.

They come newest first, and a minute without a trade has none.
"""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.candle import Candle
from arb.domain.market.ids import Symbol
from arb.venues.krw.names import venue_symbol
from arb.venues.reply import amount, positive
from arb.venues.request import HttpRequest

ROWS_MAX: Final = 200


def request(symbol: Symbol, interval_s: int, rows: int, to: str, group: str) -> HttpRequest:
    """Return the request for the newest candles that begin before `to`."""
    query = {"market": venue_symbol(symbol), "to": to, "count": str(min(ROWS_MAX, rows))}
    path = f"/v1/candles/minutes/{interval_s // 60}"
    return HttpRequest(method="GET", path=path, query=urlencode(query), group=group)


def candles(body: Any) -> tuple[Candle, ...]:
    """Return the candles of a reply. Raises: ValueError, LookupError, ArithmeticError."""
    return tuple(
        Candle(
            begins_s=int(datetime.fromisoformat(row["candle_date_time_utc"]).replace(tzinfo=UTC).timestamp()),
            opening=positive(row["opening_price"]),
            high=positive(row["high_price"]),
            low=positive(row["low_price"]),
            closing=positive(row["trade_price"]),
            volume=amount(row["candle_acc_trade_volume"]),
        )
        for row in body
    )
