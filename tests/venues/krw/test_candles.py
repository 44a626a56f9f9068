"""Requests for candles: each venue is told the same moment by its own clock."""

from decimal import Decimal
from urllib.parse import parse_qs

import pytest

from arb.domain.market.ids import Symbol
from arb.venues.bithumb import candles as bithumb
from arb.venues.krw.candles import ROWS_MAX, candles
from arb.venues.upbit import candles as upbit

MIDNIGHT_S = 1_738_281_600  # 2025-01-31T00:00:00Z
BTC = Symbol("BTC/KRW")


@pytest.mark.parametrize(
    ("venue", "to", "group"),
    [(upbit, "2025-01-31T00:00:00Z", "candle"), (bithumb, "2025-01-31 09:00:00", "quotation")],
)
def test_the_end_is_told_by_the_venues_clock(venue, to, group):
    request = venue.request(BTC, 180, MIDNIGHT_S - 600, MIDNIGHT_S)
    assert (request.path, request.group) == ("/v1/candles/minutes/3", group)
    assert parse_qs(request.query) == {"market": ["KRW-BTC"], "to": [to], "count": ["4"]}


@pytest.mark.parametrize("venue", [upbit, bithumb])
def test_no_more_is_asked_for_than_the_venue_gives(venue):
    query = parse_qs(venue.request(BTC, 60, 0, MIDNIGHT_S).query)
    assert query["count"] == [str(ROWS_MAX)]


def test_a_candle_begins_when_its_utc_time_says():
    row = {
        "candle_date_time_utc": "2025-01-31T00:00:00", "candle_date_time_kst": "2025-01-31T09:00:00",
        "opening_price": 3, "high_price": 4, "low_price": 1, "trade_price": 2, "candle_acc_trade_volume": 0,
    }  # fmt: skip
    (found,) = candles([row])
    assert (found.begins_s, found.opening, found.closing) == (MIDNIGHT_S, Decimal(3), Decimal(2))
    assert (found.high, found.low, found.volume) == (4, 1, 0)
