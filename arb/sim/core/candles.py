"""Candles of what was traded since the simulator began, a minute each and longer ones made of them.

Pure. A minute in which nothing was traded has no candle. Times are Unix seconds, UTC; weeks begin on
Monday. Prices are quote per base, volumes base, funds quote.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from arb.domain.time import NS_PER_S
from arb.sim.core.orders import ZERO

MINUTE_S: Final = 60
DAY_S: Final = 86_400
KEPT: Final = 7 * 24 * 60  # minutes: a simulated world lasts seven days
WEEK: Final = "week"
MONTH: Final = "month"


@dataclass(slots=True, kw_only=True)
class Candle:
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

    def add(self, ts_ns: int, price: Decimal, quantity: Decimal, taker_buys: bool) -> None:
        """Count one trade."""
        self.high, self.low, self.closing = max(self.high, price), min(self.low, price), price
        self.volume += quantity
        self.funds += price * quantity
        self.trades += 1
        self.last_ns = ts_ns
        if taker_buys:
            self.bought += quantity
            self.bought_funds += price * quantity


class Candles:
    """The minutes of one market."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=KEPT)

    def add(self, ts_ns: int, price: Decimal, quantity: Decimal, taker_buys: bool) -> None:
        """Count one trade; trades come in order of time."""
        begins_s = ts_ns // NS_PER_S // MINUTE_S * MINUTE_S
        if not self._minutes or self._minutes[-1].begins_s < begins_s:
            self._minutes.append(
                Candle(begins_s=begins_s, opening=price, high=price, low=price, closing=price)
            )
        self._minutes[-1].add(ts_ns, price, quantity, taker_buys)

    def of(self, span: int | str) -> Iterator[Candle]:
        """Yield the candles of that many seconds, a WEEK or a MONTH each, oldest first."""
        for begins_s, minutes in groupby(self._minutes, key=lambda minute: begin_of(minute.begins_s, span)):
            yield _joined(begins_s, minutes)


def begin_of(moment_s: int, span: int | str) -> int:
    """Return when the span begins that a moment lies in."""
    if isinstance(span, int):
        return moment_s // span * span
    day = datetime.fromtimestamp(moment_s // DAY_S * DAY_S, UTC)
    first = day - timedelta(days=day.weekday()) if span == WEEK else day.replace(day=1)
    return int(first.timestamp())


def end_of(begins_s: int, span: int | str) -> int:
    """Return when the next span begins."""
    if isinstance(span, int):
        return begins_s + span
    return begin_of(begins_s + (7 if span == WEEK else 31) * DAY_S, span)


def _joined(begins_s: int, minutes: Iterable[Candle]) -> Candle:
    parts = list(minutes)
    return Candle(
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
    )
