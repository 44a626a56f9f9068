"""Candles are what the trades in them say."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from arb.domain.time import NS_PER_S
from arb.sim.core.candles import MONTH, WEEK, YEAR, Candles, begin_of, end_of

BEGIN_S = 1_700_000_040  # a whole minute


def stamp(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def candles(*trades):
    """Return candles of (second, price, quantity, taker buys)."""
    made = Candles()
    for second, price, quantity, buys in trades:
        made.add((BEGIN_S + second) * NS_PER_S, Decimal(price), Decimal(quantity), buys)
    return made


def test_a_minute_has_first_highest_lowest_and_last_and_what_was_bought():
    (minute,) = candles((0, 10, 1, True), (5, 14, 2, False), (10, 8, 1, True), (59, 9, 1, False)).of(60)
    assert (minute.opening, minute.high, minute.low, minute.closing) == (10, 14, 8, 9)
    assert (minute.volume, minute.funds, minute.trades) == (5, 10 + 28 + 8 + 9, 4)
    assert (minute.bought, minute.bought_funds) == (2, 18)
    assert minute.last_ns == (BEGIN_S + 59) * NS_PER_S


def test_minutes_without_a_trade_have_no_candle():
    found = list(candles((0, 10, 1, True), (180, 11, 1, True)).of(60))
    assert [each.begins_s - BEGIN_S for each in found] == [0, 180]


def test_longer_candles_are_made_of_minutes():
    made = candles(*((60 * minute, 10 + minute, 1, True) for minute in range(9)))
    five = list(made.of(300))
    assert sum(each.trades for each in five) == 9
    assert all(each.begins_s % 300 == 0 for each in five)
    assert (five[0].opening, five[-1].closing) == (10, 18)
    assert [each.high for each in five] == sorted(each.high for each in five)


@pytest.mark.parametrize(
    ("span", "begins", "ends"),
    [
        (3_600, "2026-11-18T13:00", "2026-11-18T14:00"),
        (WEEK, "2026-11-16T00:00", "2026-11-23T00:00"),
        (MONTH, "2026-11-01T00:00", "2026-12-01T00:00"),
        (YEAR, "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_spans_begin_and_end_where_the_calendar_says(span, begins, ends):
    begin_s = begin_of(stamp("2026-11-18T13:37"), span)
    assert begin_s == stamp(begins)
    assert end_of(begin_s, span) == stamp(ends)
