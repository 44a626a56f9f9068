"""How much less is done while the machine is short of something. Orders and hedges are never among it.

Pure: readings, marks and times are arguments. A degree is taken at once when a mark is crossed, and left
one at a time, when everything has been better than the mark by a margin for a while: what hovers around a
mark changes nothing back and forth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum
from typing import Final

from arb.domain.health.judge import Reading, Worse


class Degree(IntEnum):
    """What is left out, each with all before it."""

    FULL = 0  # nothing
    LEAN = 1  # history and charts
    NEAR = 2  # evaluation of coins that are far from the threshold
    SHALLOW = 3  # the depth of books


BOOK_LEVELS: Final = 5  # of a book at SHALLOW
FAR_PAUSE_NS: Final = 1_000_000_000  # how long a coin that is far is not looked at from NEAR on


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The marks of one measurement: beyond the first it is LEAN, beyond the second NEAR, then SHALLOW."""

    name: str  # its unit last
    marks: tuple[Decimal, Decimal, Decimal]
    worse: Worse = Worse.ABOVE

    def degree(self, value: Decimal, margin: Decimal = Decimal(0)) -> Degree:
        """Return what a value asks for; with a margin (a share of the mark) marks are easier to cross."""
        return Degree(sum(self._beyond(value, mark, margin) for mark in self.marks))

    def _beyond(self, value: Decimal, mark: Decimal, margin: Decimal) -> bool:
        if self.worse is Worse.ABOVE:
            return value > mark * (1 - margin)
        return value < mark * (1 + margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class DegradationRules:
    """When to do less, and when to do more again."""

    gauges: Mapping[str, Gauge]
    margin: Decimal  # share of a mark by which a value has to be better, for its degree to be left
    calm_ns: int  # for how long


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """How it is: the degree, since when, why, and how long it could have been left."""

    degree: Degree = Degree.FULL
    why: str = ""
    since_ns: int = 0
    calm_since_ns: int = 0  # 0: it is not calm


def never_degraded() -> Degree:
    """Return that nothing is left out."""
    return Degree.FULL


def step(
    before: Degradation, rules: DegradationRules, readings: Iterable[Reading], now_ns: int
) -> Degradation:
    """Return how it is after these readings; what nobody could measure asks for nothing."""
    known = [reading for reading in readings if reading.rule in rules.gauges]
    wanted, why = _worst(rules, known, Decimal(0))
    if wanted > before.degree:
        return Degradation(degree=wanted, why=why, since_ns=now_ns)
    held, why_held = _worst(rules, known, rules.margin)
    if held >= before.degree:
        return replace(before, why=why_held if before.degree else "", calm_since_ns=0)
    since_ns = min(before.calm_since_ns or now_ns, now_ns)
    if now_ns - since_ns < rules.calm_ns:
        return replace(before, calm_since_ns=since_ns)
    lower = Degree(before.degree - 1)
    return Degradation(degree=lower, why=why_held if lower else "", since_ns=now_ns)


def _worst(rules: DegradationRules, readings: list[Reading], margin: Decimal) -> tuple[Degree, str]:
    worst, why = Degree.FULL, ""
    for reading in readings:
        degree = rules.gauges[reading.rule].degree(reading.value, margin)
        if degree > worst:
            worst, why = degree, f"{reading.rule} of {reading.subject} is {reading.value:f}"
    return worst, why


def is_far(premium_bps: Decimal, entry_edge_bps_min: Decimal) -> bool:
    """Tell whether a coin cannot be worth a trade: costs only ever make an edge smaller than its premium."""
    return abs(premium_bps) < entry_edge_bps_min


def chunk_items(budget_bytes: int, degree: Degree, item_bytes: int, at_most: int) -> int:
    """Return how many items of large work to hold at once: half as many with each degree, at least one."""
    return max(1, min(at_most, (budget_bytes >> degree) // item_bytes))
