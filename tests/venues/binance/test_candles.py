"""Requests for klines, and the candles of a reply."""

from decimal import Decimal
from urllib.parse import parse_qs

from arb.domain.market.ids import Symbol
from arb.venues.binance.candles import ROWS_MAX, candles, request

MIDNIGHT_S = 1_738_281_600  # 2025-01-31T00:00:00Z


def row(begins_s: int, trades: int) -> list[object]:
    ends_ms = (begins_s + 60) * 1_000 - 1
    return [begins_s * 1_000, "3.0", "4.0", "1.0", "2.0", "7.5", ends_ms, "15", trades, "1", "2", "0"]


def test_a_page_is_as_long_as_the_venue_gives_and_ends_before_the_next_begins():
    asked = request(Symbol("BTC/USDT"), 300, MIDNIGHT_S, MIDNIGHT_S + 300 * ROWS_MAX)
    assert (asked.path, asked.weight, ROWS_MAX) == ("/api/v3/klines", 2, 1_000)
    assert parse_qs(asked.query) == {
        "symbol": ["BTCUSDT"], "interval": ["5m"], "limit": ["1000"], "startTime": [f"{MIDNIGHT_S}000"],
        "endTime": [str((MIDNIGHT_S + 300_000) * 1_000 - 1)],
    }  # fmt: skip


def test_a_minute_in_which_nothing_was_traded_has_no_candle():
    found = candles([row(MIDNIGHT_S, 3), row(MIDNIGHT_S + 60, 0), row(MIDNIGHT_S + 120, 1)])
    assert [each.begins_s for each in found] == [MIDNIGHT_S, MIDNIGHT_S + 120]
    first = found[0]
    assert (first.opening, first.high, first.low, first.closing) == (3, 4, 1, 2)
    assert first.volume == Decimal("7.5")
