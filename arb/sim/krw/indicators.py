"""Technical indicators as `/websocket/v1/info` tells them: what may be asked for, and the values.

Pure. Which periods there are: docs.upbit.com, websocket-indicator (2026-10-20), and the types of
upbit-sdk 1.1.0. How the venue computes is not published; these are the textbook formulas: Wilder's
smoothing for RSI, an EMA that begins with the mean of its first period.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from arb.sim.core.candles import DAY_S, SimulatedCandle
from arb.sim.core.orders import ZERO
from arb.sim.krw.text import EIGHTH, EXACT, plain

TIMEFRAMES: Final = MappingProxyType({"5m": 300, "15m": 900, "60m": 3_600, "240m": 14_400, "1d": DAY_S})  # s
HUNDRED: Final = Decimal(100)
Params = Mapping[str, Any]
Series = Sequence[Decimal]
Values = dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator of a subscription."""

    kind: str
    params: Params

    def values(self, candles: Sequence[SimulatedCandle]) -> dict[str, str] | None:
        """Return the values at the last of the closed candles, oldest first; None if there are too few."""
        found = _KINDS[self.kind].values(self.params, candles)
        if found is None:
            return None
        return {name: plain(value.quantize(EIGHTH, context=EXACT)) for name, value in found.items()}


def read_indicator(given: object) -> Indicator:
    """Return an indicator as a client asks for it. Raises ValueError for what the venue does not offer."""
    kind = given.get("type") if isinstance(given, Mapping) else None
    params = given.get("params") if isinstance(given, Mapping) else None
    if not isinstance(kind, str) or kind not in _KINDS or not isinstance(params, Mapping):
        raise ValueError("no such indicator")
    if not _KINDS[kind].offers(params):
        raise ValueError("no such parameters")
    return Indicator(kind=kind, params=dict(params))


def _volume(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    last = candles[-params["period"] :]
    if len(last) < params["period"]:
        return None
    average = sum((each.volume for each in last), ZERO) / len(last)
    return {"volume": last[-1].volume, "avg_volume": average, "ratio": last[-1].volume / average}


def _rsi(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    period, moves = params["period"], [after - before for before, after in pairwise(_closings(candles))]
    if len(moves) < period:
        return None
    gain = sum((move for move in moves[:period] if move > 0), ZERO) / period
    loss = -sum((move for move in moves[:period] if move < 0), ZERO) / period
    for move in moves[period:]:
        gain = (gain * (period - 1) + max(move, ZERO)) / period
        loss = (loss * (period - 1) + max(-move, ZERO)) / period
    return {"rsi": HUNDRED * gain / (gain + loss) if gain + loss else HUNDRED / 2}


def _moving_average(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    average = _average(params["type"], _closings(candles), params["period"])
    return None if average is None else {"value": average}


def _crossover(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    short = _average(params["type"], _closings(candles), params["short_period"])
    long = _average(params["type"], _closings(candles), params["long_period"])
    return None if short is None or long is None else {"ma_short": short, "ma_long": long}


def _bands(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    closings = _closings(candles)[-params["period"] :]
    if len(closings) < params["period"]:
        return None
    middle = sum(closings, ZERO) / len(closings)
    deviation = (sum(((each - middle) ** 2 for each in closings), ZERO) / len(closings)).sqrt()
    width = deviation * Decimal(str(params["multiplier"]))
    return {"bb_upper": middle + width, "bb_middle": middle, "bb_lower": middle - width}


def _macd(params: Params, candles: Sequence[SimulatedCandle]) -> Values | None:
    closings = _closings(candles)
    slow = _exponential(closings, params["slow"])
    fast = _exponential(closings, params["fast"])[-len(slow) :] if slow else []
    macd = [quick - sluggish for quick, sluggish in zip(fast, slow, strict=True)]
    signal = _exponential(macd, params["signal_period"])
    if not signal:
        return None
    return {"macd": macd[-1], "macd_signal": signal[-1], "histogram": macd[-1] - signal[-1]}


def _closings(candles: Sequence[SimulatedCandle]) -> Series:
    return [each.closing for each in candles]


def _average(kind: str, values: Series, period: int) -> Decimal | None:
    if len(values) < period:
        return None
    return sum(values[-period:], ZERO) / period if kind == "SMA" else _exponential(values, period)[-1]


def _exponential(values: Series, period: int) -> list[Decimal]:
    """Return the exponential average at each value from the first whole period on."""
    if len(values) < period:
        return []
    averages = [sum(values[:period], ZERO) / period]
    for value in values[period:]:
        averages.append(averages[-1] + (value - averages[-1]) * 2 / (period + 1))
    return averages


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    values: Callable[[Params, Sequence[SimulatedCandle]], Values | None]
    names: tuple[str, ...]  # of the numbers that go together
    allowed: frozenset[tuple[int, ...]]
    more: tuple[str, ...] = ()  # what else must be there

    def offers(self, params: Params) -> bool:
        return (
            set(params) == {*self.names, *self.more}
            and tuple(params[name] for name in self.names) in self.allowed
            and params.get("type", "SMA") in ("SMA", "EMA")
            and _is_positive(params.get("multiplier", 1))
        )


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _periods(*periods: int) -> dict[str, Any]:
    return {"names": ("period",), "allowed": frozenset((period,) for period in periods)}


_AVERAGED: Final = (3, 5, 7, 10, 15, 20, 25, 30, 50, 60, 90, 99, 100, 120, 200)
_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "volume": _Kind(values=_volume, **_periods(*range(5, 51, 5))),
        "rsi": _Kind(values=_rsi, **_periods(*range(2, 15), 21, 25)),
        "moving_average": _Kind(values=_moving_average, **_periods(*_AVERAGED), more=("type",)),
        "ma_crossover": _Kind(
            values=_crossover,
            names=("short_period", "long_period"),
            allowed=frozenset({(5, 20), (20, 60), (30, 90), (50, 200)}),
            more=("type",),
        ),
        "bollinger_bands": _Kind(values=_bands, **_periods(10, 20, 50), more=("multiplier",)),
        "macd": _Kind(
            values=_macd,
            names=("fast", "slow", "signal_period"),
            allowed=frozenset({(12, 26, 9), (8, 17, 9), (5, 35, 5)}),
        ),
    }
)
