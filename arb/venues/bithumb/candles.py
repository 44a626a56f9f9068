"""Bithumb's minute candles: `to` is Korean time. Source: docs of `GET /v1/candles/minutes/{unit}`."""

from datetime import datetime, timedelta, timezone
from typing import Final

from arb.domain.market.ids import Symbol
from arb.venues.bithumb.orders import QUOTATION_GROUP
from arb.venues.krw import candles
from arb.venues.request import HttpRequest

KST: Final = timezone(timedelta(hours=9))


def request(symbol: Symbol, interval_s: int, from_s: int, to_s: int) -> HttpRequest:
    """Return the request for the candles that begin from one moment to before another.

    A `Z` behind the time is part of the documented pattern and no zone, so that the form without it is sent.
    """
    to = datetime.fromtimestamp(to_s, KST).strftime("%Y-%m-%d %H:%M:%S")
    return candles.request(symbol, interval_s, -(-(to_s - from_s) // interval_s), to, QUOTATION_GROUP)
