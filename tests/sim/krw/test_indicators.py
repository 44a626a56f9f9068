"""Indicators are what their formulas say, and only what the venue offers may be asked for."""

from decimal import Decimal
from itertools import count

import pytest

from arb.sim.core.candles import SimulatedCandle
from arb.sim.krw.indicators import read_indicator


def candles(*closings, volumes=()):
    volumes = iter(volumes or count(1))
    return [
        SimulatedCandle(
            begins_s=300 * place,
            opening=Decimal(each),
            high=Decimal(each),
            low=Decimal(each),
            closing=Decimal(each),
            volume=Decimal(next(volumes)),
        )
        for place, each in enumerate(closings)
    ]


def values(kind, series, **params):
    return read_indicator({"type": kind, "params": params}).values(series)


def test_averages_are_plain_or_exponential():
    series = candles(1, 2, 3, 4, 10)
    assert values("moving_average", series, period=3, type="SMA") == {"value": "5.66666667"}
    # 2, then (4 - 2) / 2 more, then (10 - 3) / 2 more
    assert values("moving_average", series, period=3, type="EMA") == {"value": "6.5"}
    assert values("moving_average", series[:2], period=3, type="SMA") is None


def test_volume_is_held_against_the_mean_of_its_period():
    series = candles(*[1] * 6, volumes=[100, 1, 2, 3, 4, 10])
    assert values("volume", series, period=5) == {"volume": "10", "avg_volume": "4", "ratio": "2.5"}


def test_relative_strength_smooths_as_wilder_did():
    assert values("rsi", candles(1, 2, 3), period=2) == {"rsi": "100"}
    # gains 1, 1 then a loss of 1: gain (1 + 0) / 2, loss (0 + 1) / 2
    assert values("rsi", candles(1, 2, 3, 2), period=2) == {"rsi": "50"}
    assert values("rsi", candles(5, 5, 5), period=2) == {"rsi": "50"}
    assert values("rsi", candles(1, 2), period=2) is None


def test_bands_are_as_many_deviations_from_the_middle():
    series = candles(*[8, 12] * 5)
    assert values("bollinger_bands", series, period=10, multiplier=2) == {
        "bb_upper": "14",
        "bb_middle": "10",
        "bb_lower": "6",
    }


def test_crossover_and_macd_need_their_longest_period():
    rising = candles(*range(1, 41))
    assert values("ma_crossover", rising, short_period=5, long_period=20, type="SMA") == {
        "ma_short": "38",
        "ma_long": "30.5",
    }
    macd = values("macd", rising, fast=8, slow=17, signal_period=9)
    assert macd == {"macd": "4.5", "macd_signal": "4.5", "histogram": "0"}
    assert values("macd", rising[:24], fast=8, slow=17, signal_period=9) is None


@pytest.mark.parametrize(
    "asked",
    [
        None,
        {},
        {"type": "rsi"},
        {"type": "momentum", "params": {"period": 5}},
        {"type": ["rsi"], "params": {"period": 5}},
        {"type": "rsi", "params": {"period": 15}},
        {"type": "rsi", "params": {"period": 5, "type": "SMA"}},
        {"type": "moving_average", "params": {"period": 5}},
        {"type": "moving_average", "params": {"period": 5, "type": "WMA"}},
        {"type": "ma_crossover", "params": {"short_period": 5, "long_period": 60, "type": "SMA"}},
        {"type": "bollinger_bands", "params": {"period": 20, "multiplier": 0}},
        {"type": "bollinger_bands", "params": {"period": 20, "multiplier": "2"}},
    ],
)
def test_what_the_venue_does_not_offer_is_refused(asked):
    with pytest.raises((TypeError, ValueError)):
        read_indicator(asked)
