"""The premium and both edges of a coin over an hour, a day or a month, from what is recorded.

One thread reads for all pages, so that none of them can hold up the button that stops trading; what was
read a moment ago serves the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.app.wiring import Engine
from arb.domain.market.ids import Coin
from arb.domain.market.premium import PremiumStep
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How far back a chart goes, and what of it is one point."""

    span_ns: int
    step_ns: int
    fresh_ns: int  # for how long an answer serves


SCALES: Final = MappingProxyType(
    {
        "hour": _Scale(span_ns=NS_PER_HOUR, step_ns=NS_PER_MINUTE, fresh_ns=NS_PER_MINUTE // 4),
        "day": _Scale(span_ns=NS_PER_DAY, step_ns=5 * NS_PER_MINUTE, fresh_ns=NS_PER_MINUTE),
        "month": _Scale(span_ns=30 * NS_PER_DAY, step_ns=NS_PER_HOUR, fresh_ns=5 * NS_PER_MINUTE),
    }
)
Document = dict[str, Any]


class NotTraded(LookupError):
    """No such coin, or no such scale."""


@dataclass(slots=True)
class RecordedPremiums:
    """Reads the charts of a session's coins; of one thread."""

    engine: Callable[[], Engine]
    _kept: dict[tuple[Coin, str], tuple[int, Document]] = field(default_factory=dict)

    def read(self, coin: str, scale: str) -> Document:
        """Return a coin's chart. Raises: NotTraded, and an ArbError where it cannot be read."""
        engine = self.engine()
        own = {str(each): each for each in engine.shared.coins}
        if coin not in own or scale not in SCALES:
            raise NotTraded(coin, scale)
        key, now_ns = (own[coin], scale), engine.clock.now_ns()
        read_ns, document = self._kept.get(key, (0, None))
        if document is None or not 0 <= now_ns - read_ns < SCALES[scale].fresh_ns:
            document = _chart(engine, own[coin], SCALES[scale], now_ns)
            self._kept[key] = now_ns, document
        return document


def _chart(engine: Engine, coin: Coin, scale: _Scale, now_ns: int) -> Document:
    kept, pair = engine.recording.kept_premiums, engine.markets.pair
    span = Span(from_ns=now_ns - scale.span_ns, to_ns=now_ns)
    steps = (
        kept.hours(pair, coin, span)
        if scale.step_ns == NS_PER_HOUR
        else kept.steps(pair, coin, span, scale.step_ns)
    )
    return {
        "from_ms": span.from_ns // NS_PER_MS,
        "to_ms": span.to_ns // NS_PER_MS,
        "step_ms": scale.step_ns // NS_PER_MS,
        "fresh_ms": scale.fresh_ns // NS_PER_MS,
        "is_recorded": engine.recording.is_on,
        "venues": [str(venue) for venue in pair.venues],
        "points": [_point(each) for each in steps],
    }


def _point(step: PremiumStep) -> list[float | int | None]:
    """Return (Unix milliseconds; last, lowest, highest premium; best edge selling on the first, buying)."""
    values = (step.premium_bps, step.low_bps, step.high_bps, step.selling_bps, step.buying_bps)
    return [step.from_ns // NS_PER_MS, *(_tenth(each) for each in values)]


def _tenth(bps: Decimal | None) -> float | None:
    return None if bps is None else round(float(bps), 1)
