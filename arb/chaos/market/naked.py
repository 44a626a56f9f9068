"""How much stood alone at the venues, and for how long, by their own record of what was executed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import NamedTuple

from arb.chaos.orders.exposure import Instruments, fills_by_trade, is_uneven
from arb.check.history import VenueFill
from arb.domain.market.ids import TradeId
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_S


class _Span(NamedTuple):
    """A time in which a trade had one leg more than the other."""

    trade_id: TradeId
    since_ns: int
    until_ns: int
    krw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Naked:
    """What stood alone within a time."""

    largest_krw: Decimal = ZERO  # of one trade
    together_krw: Decimal = ZERO  # at once
    longest_s: float = 0.0
    by_trade: Mapping[TradeId, tuple[Decimal, float]] | None = None  # the most of each, and for how long

    @property
    def trades(self) -> Mapping[TradeId, tuple[Decimal, float]]:
        """Return the most of each trade in KRW, and for how many seconds it stood alone in a row."""
        return self.by_trade or {}


def naked(
    fills: Iterable[VenueFill],
    instruments: Instruments,
    prices: Mapping[str, Decimal],
    since_ns: int,
    until_ns: int,
) -> Naked:
    """Return what the fills show between two moments, valued at these prices."""
    spans = [
        span._replace(since_ns=max(span.since_ns, since_ns))
        for span in _spans(fills, instruments, prices, until_ns)
        if span.until_ns > since_ns and span.until_ns > span.since_ns
    ]
    worst: dict[TradeId, tuple[Decimal, float]] = {}
    for trade_id, own in _of_trades(spans).items():
        worst[trade_id] = max(span.krw for span in own), _longest_s(own)
    return Naked(
        largest_krw=max((krw for krw, _ in worst.values()), default=ZERO),
        together_krw=_together(spans),
        longest_s=round(max((seconds for _, seconds in worst.values()), default=0.0), 1),
        by_trade=worst,
    )


def _spans(
    fills: Iterable[VenueFill], instruments: Instruments, prices: Mapping[str, Decimal], until_ns: int
) -> Iterator[_Span]:
    for trade_id, found in fills_by_trade(fills).items():
        stamps = [fill.fill.ts_event_ns for fill in found] + [until_ns]
        for count, (since_ns, later_ns) in enumerate(pairwise(stamps), start=1):
            if not is_uneven(found[:count], instruments):
                continue
            coin = found[0].symbol.partition("/")[0]
            imbalance = sum((fill.side.sign * fill.fill.quantity for fill in found[:count]), ZERO)
            yield _Span(trade_id, since_ns, later_ns, abs(imbalance) * prices.get(coin, ZERO))


def _of_trades(spans: Iterable[_Span]) -> dict[TradeId, list[_Span]]:
    found: dict[TradeId, list[_Span]] = defaultdict(list)
    for span in spans:
        found[span.trade_id].append(span)
    return found


def _longest_s(spans: list[_Span]) -> float:
    """Return the longest stretch; spans that follow on each other are one."""
    longest, began_ns, ended_ns = 0, 0, -1
    for span in spans:
        began_ns = began_ns if span.since_ns == ended_ns else span.since_ns
        ended_ns = span.until_ns
        longest = max(longest, ended_ns - began_ns)
    return longest / NS_PER_S


def _together(spans: Iterable[_Span]) -> Decimal:
    steps = [step for span in spans for step in ((span.since_ns, span.krw), (span.until_ns, -span.krw))]
    return max(accumulate((krw for _, krw in sorted(steps)), initial=ZERO))
