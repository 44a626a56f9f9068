"""Handlers of the quotation API that show candles: seconds to years, newest first.

`to` is exclusive, at most 200 rows come at a time, and a span without a trade has no row. There is
nothing from before the simulator began.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from arb.domain.time import NS_PER_MS
from arb.sim.core.candles import DAY_S, MONTH, WEEK, YEAR, SimulatedCandle
from arb.sim.krw.errors import quotation_rejection
from arb.sim.krw.http_api import Route
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.public_tape import PublicTape
from arb.sim.krw.subscription import MINUTES
from arb.sim.krw.text import KST, change, number

SPANS: Final[dict[str, int | str]] = {
    "seconds": 1, "days": DAY_S, "weeks": WEEK, "months": MONTH, "years": YEAR,
}  # fmt: skip
COUNT_MAX: Final = 200
BAD_VALUE: Final = "Type mismatch error. Check the parameters type!"


def utc_moment(text: str) -> datetime:
    """Return a time, UTC unless it says otherwise. Raises: ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def korean_moment(text: str) -> datetime:
    """Return a time, Korean unless it says otherwise; a `Z` behind it says nothing. Raises: ValueError."""
    moment = datetime.fromisoformat(text.removesuffix("Z"))
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)


class CandleRoutes:
    """What anybody may ask about the past."""

    def __init__(self, tape: PublicTape, moment_of: Callable[[str], datetime] = utc_moment) -> None:
        self._tape = tape
        self._moment_of = moment_of  # how `to` is read

    def routes(self) -> list[Route]:
        """Return the public endpoints, one for each span."""
        spans: list[tuple[str, int | str, int | None]] = [
            *((f"minutes/{unit}", unit * 60, unit) for unit in MINUTES),
            *((name, span, None) for name, span in SPANS.items()),
        ]
        return [
            Route(method="GET", path=f"/v1/candles/{name}", group="candle", handler=self._handler(span, unit))
            for name, span, unit in spans
        ]

    def _handler(self, span: int | str, unit: int | None) -> Any:
        async def candles(parameters: Parameters) -> Any:
            market = parameters.get("market")
            if market is None:
                raise quotation_rejection(
                    400, "Missing request parameter error. Check the required parameters!"
                )
            if market not in self._tape.candles:
                raise quotation_rejection(404, "Code not found")
            before_s, count = self._moment_s(parameters.get("to")), _count(parameters.get("count"))
            found = [each for each in self._tape.made_of(market, span).of(span) if each.begins_s < before_s]
            newest = islice(reversed(found), count)
            return [
                {"market": market} | candle_fields(each) | _more(each, span, unit, found) for each in newest
            ]

        return candles

    def _moment_s(self, text: str | None) -> float:
        """Return the time in `to`; without it, the end of time."""
        if text is None:
            return float("inf")
        try:
            return self._moment_of(text).timestamp()
        except ValueError:
            raise quotation_rejection(400, BAD_VALUE) from None


def _previous(found: list[SimulatedCandle], candle: SimulatedCandle) -> Decimal:
    position = found.index(candle)
    return found[position - 1].closing if position else candle.opening


def candle_fields(candle: SimulatedCandle) -> dict[str, Any]:
    """Return what REST and WebSocket candles have in common."""
    return {
        "candle_date_time_utc": datetime.fromtimestamp(candle.begins_s, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "candle_date_time_kst": datetime.fromtimestamp(candle.begins_s, KST).strftime("%Y-%m-%dT%H:%M:%S"),
        "opening_price": number(candle.opening),
        "high_price": number(candle.high),
        "low_price": number(candle.low),
        "trade_price": number(candle.closing),
        "timestamp": candle.last_ns // NS_PER_MS,
        "candle_acc_trade_price": number(candle.funds),
        "candle_acc_trade_volume": number(candle.volume),
    }


def _more(
    candle: SimulatedCandle, span: int | str, unit: int | None, found: list[SimulatedCandle]
) -> dict[str, Any]:
    """Return what only minutes, only days, or only longer spans have; seconds have nothing more."""
    if unit is not None:
        return {"unit": unit}
    if span == 1:
        return {}
    if span != DAY_S:
        return {"first_day_of_period": datetime.fromtimestamp(candle.begins_s, UTC).strftime("%Y-%m-%d")}
    previous = _previous(found, candle)
    difference = candle.closing - previous
    rate = (difference / previous).quantize(Decimal("0.00000001"))
    return {
        "prev_closing_price": number(previous),
        "change_price": change(difference),
        "change_rate": change(rate),
    }


def _count(text: str | None) -> int:
    if text is None:
        return 1
    if not text.isdecimal() or not 1 <= int(text) <= COUNT_MAX:
        raise quotation_rejection(400, BAD_VALUE)
    return int(text)
