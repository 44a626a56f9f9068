"""Candles of what was traded since the simulator began, a minute or second each and longer ones made of them.

Pure. A span in which nothing was traded has no candle. Times are Unix seconds, UTC; weeks begin on
Monday. Prices are quote per base, volumes base, funds quote.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, islice, takewhile
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.core.orders import ZERO

MINUTE_S: Final = 60
DAY_S: Final = 86_400
KEPT: Final = 7 * 24 * 60  # a simulated world lasts seven days of minutes
WEEK: Final = "week"
MONTH: Final = "month"
YEAR: Final = "year"


@dataclass(slots=True, kw_only=True)
class SimulatedCandle:
    """What was traded in one span of time."""

    begins_s: int
    opening: Decimal
    high: Decimal
    low: Decimal
    closing: Decimal
    volume: Decimal = ZERO
    funds: Decimal = ZERO
    bought: Decimal = ZERO  # of the volume, by takers that bought
    bought_funds: Decimal = ZERO
    trades: int = 0
    last_ns: int = 0
    first_id: int = -1  # the lowest and highest number of its trades; -1 where they have none
    last_id: int = -1

    def add(self, ts_ns: int, price: Decimal, quantity: Decimal, taker_buys: bool, number: int = -1) -> None:
        """Count one trade."""
        self.first_id = min(self.first_id, number) if self.trades else number
        self.last_id = max(self.last_id, number)
        self.high, self.low, self.closing = max(self.high, price), min(self.low, price), price
        self.volume += quantity
        self.funds += price * quantity
        self.trades += 1
        self.last_ns = ts_ns
        if taker_buys:
            self.bought += quantity
            self.bought_funds += price * quantity


class Candles:
    """The minutes of one market, or its newest seconds. Longer spans are made of them."""

    def __init__(self, unit_s: int = MINUTE_S) -> None:
        self._unit_s = unit_s
        self._spans: deque[SimulatedCandle] = deque(maxlen=KEPT)
        self._whole: tuple[int, SimulatedCandle | None] = (-1, None)  # a minute, and the day before it

    def add(self, ts_ns: int, price: Decimal, quantity: Decimal, taker_buys: bool, number: int = -1) -> None:
        """Count one trade; trades come in order of time."""
        begins_s = ts_ns // NS_PER_S // self._unit_s * self._unit_s
        if not self._spans or self._spans[-1].begins_s < begins_s:
            self._spans.append(
                SimulatedCandle(begins_s=begins_s, opening=price, high=price, low=price, closing=price)
            )
        self._spans[-1].add(ts_ns, price, quantity, taker_buys, number)

    def of(self, span: int | str) -> Iterator[SimulatedCandle]:
        """Yield the candles of that many seconds, a WEEK or a MONTH each, oldest first."""
        for begins_s, minutes in groupby(self._spans, key=lambda minute: begin_of(minute.begins_s, span)):
            yield _joined(begins_s, minutes)

    def since(self, moment_s: int, span: int | str) -> Iterator[SimulatedCandle]:
        """Yield the candles from the one that a moment lies in on, oldest first."""
        first_s = begin_of(moment_s, span)
        newest = list(takewhile(lambda minute: minute.begins_s >= first_s, reversed(self._spans)))
        for begins_s, minutes in groupby(reversed(newest), key=lambda each: begin_of(each.begins_s, span)):
            yield _joined(begins_s, minutes)

    def day(self, now_s: int) -> SimulatedCandle:
        """Return the last 24 hours as one candle, to the minute; if nothing was traded in them, the newest.

        There must be a trade. Whole minutes are joined once a minute, however often it is asked.
        """
        minute_s = begin_of(now_s, MINUTE_S)
        begins_s = minute_s - DAY_S
        if self._whole[0] != minute_s:
            whole = [each for each in self._spans if begins_s <= each.begins_s < minute_s]
            self._whole = minute_s, _joined(begins_s, whole) if whole else None
        current = [each for each in islice(reversed(self._spans), 2) if each.begins_s >= minute_s]
        parts = [*filter(None, [self._whole[1]]), *reversed(current)]
        return _joined(begins_s, parts or [self._spans[-1]])


def begin_of(moment_s: int, span: int | str) -> int:
    """Return when the span begins that a moment lies in."""
    if isinstance(span, int):
        return moment_s // span * span
    day = datetime.fromtimestamp(moment_s // DAY_S * DAY_S, UTC)
    if span == WEEK:
        first = day - timedelta(days=day.weekday())
    else:
        first = day.replace(day=1) if span == MONTH else day.replace(day=1, month=1)
    return int(first.timestamp())


def end_of(begins_s: int, span: int | str) -> int:
    """Return when the next span begins."""
    if isinstance(span, int):
        return begins_s + span
    return begin_of(begins_s + {WEEK: 7, MONTH: 31, YEAR: 366}[span] * DAY_S, span)


def _joined(begins_s: int, minutes: Iterable[SimulatedCandle]) -> SimulatedCandle:
    parts = list(minutes)
    return SimulatedCandle(
        begins_s=begins_s,
        opening=parts[0].opening,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        closing=parts[-1].closing,
        volume=sum((part.volume for part in parts), ZERO),
        funds=sum((part.funds for part in parts), ZERO),
        bought=sum((part.bought for part in parts), ZERO),
        bought_funds=sum((part.bought_funds for part in parts), ZERO),
        trades=sum(part.trades for part in parts),
        last_ns=parts[-1].last_ns,
        first_id=min(part.first_id for part in parts),
        last_id=max(part.last_id for part in parts),
    )
