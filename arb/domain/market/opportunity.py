"""A chance: a coin and direction whose edge was above what anything is opened for, from first look to last.

It counts once, however often it was looked at. What is kept of it is its best moment, how much the books had
then, and what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from typing import Final

from arb.domain.market.ids import Coin, TradeId, Venue
from arb.domain.market.money import ZERO, fraction
from arb.domain.market.pair import Direction
from arb.domain.market.spread import Edge, Market, edge

OPENED: Final = "opened"  # why it was taken; every other reason is one why it was not


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One chance; KRW is what the pair is accounted in."""

    coin: Coin
    direction: Direction
    began_ns: int
    ended_ns: int  # when it was looked at last
    peak_ns: int
    peak_bps: Decimal  # net of the entry's fees and depth
    quantity: Decimal  # that the books had above the least edge, then
    size_krw: Decimal
    worth_krw: Decimal  # of a pair of the usual size opened then, that is closed when even
    reasons: Mapping[str, int] = field(default_factory=dict)  # looks by what became of it
    trades: tuple[TradeId, ...] = ()

    @property
    def lasted_ns(self) -> int:
        """Return how long the opportunity lasted, ns."""
        return self.ended_ns - self.began_ns

    @property
    def reason(self) -> str:
        """Return what became of it: taken, or the reason that most looks gave."""
        if self.trades:
            return OPENED
        return max(sorted(self.reasons), key=lambda each: self.reasons[each], default="")

    def seen(self, now_ns: int, reason: str) -> "Opportunity":
        """Return the opportunity after another look at it, which ended with this reason."""
        reasons = {**self.reasons, reason: self.reasons.get(reason, 0) + 1}
        return replace(self, ended_ns=max(self.ended_ns, now_ns), reasons=reasons)

    def joined(self, other: "Opportunity") -> "Opportunity":
        """Return what two processes saw of the same chance."""
        best = max(self, other, key=lambda each: (each.peak_bps, -each.peak_ns))
        names = {*self.reasons, *other.reasons}
        return replace(
            best,
            began_ns=min(self.began_ns, other.began_ns),
            ended_ns=max(self.ended_ns, other.ended_ns),
            reasons={name: self.reasons.get(name, 0) + other.reasons.get(name, 0) for name in sorted(names)},
            trades=tuple(sorted({*self.trades, *other.trades})),
        )


def joined(found: Sequence[Opportunity]) -> list[Opportunity]:
    """Return chances in order of time; those of a coin and direction that overlap are one."""
    result: list[Opportunity] = []
    ordered = sorted(found, key=lambda each: (each.coin, each.direction, each.began_ns))
    for _, own in groupby(ordered, key=lambda each: (each.coin, each.direction)):
        last: Opportunity | None = None
        for each in own:
            if last is not None and each.began_ns <= last.ended_ns:
                last = result[-1] = last.joined(each)
            else:
                last = each
                result.append(each)
    return sorted(result, key=lambda each: (each.began_ns, each.coin, each.direction))


def opportunity(market: Market, best: Edge, least_bps: Decimal, now_ns: int) -> Opportunity:
    """Return the chance that an edge is, as it is at this moment."""
    quantity = quantity_above(market, best, least_bps)
    unit_krw = best.cost_krw / best.quantity
    exit_bps = sum((market.instrument(venue).taker_fee_bps for venue in market.venues), ZERO)
    return Opportunity(
        coin=market.coin,
        direction=best.direction,
        began_ns=now_ns,
        ended_ns=now_ns,
        peak_ns=now_ns,
        peak_bps=best.net_bps,
        quantity=quantity,
        size_krw=quantity * unit_krw,
        worth_krw=best.net_krw - best.cost_krw * fraction(exit_bps),
    )


def quantity_above(market: Market, best: Edge, least_bps: Decimal) -> Decimal:
    """Return the most that both books have at no less than the least edge."""
    way = best.direction
    worst = market.at_worst(way, market.rate.sides)
    depths = [_depths(market, way, venue) for venue in market.venues]
    most = min(found[-1] for found in depths)
    steps = sorted({depth for found in depths for depth in found if depth <= most})
    low, high = 0, len(steps)  # an edge only shrinks with its size
    while low < high:
        middle = (low + high) // 2
        found = edge(worst, way, steps[middle])
        if found is not None and found.net_bps >= least_bps:
            low = middle + 1
        else:
            high = middle
    return max(steps[low - 1] if low else ZERO, best.quantity)


def _depths(market: Market, way: Direction, venue: Venue) -> list[Decimal]:
    total, found = ZERO, []
    for level in market.book(venue).against(way.side(venue)):
        total += level.quantity
        found.append(total)
    return found
