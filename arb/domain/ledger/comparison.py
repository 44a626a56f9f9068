"""What two sessions decided on the same recorded books, and why they differ where they do.

Entries of a coin and direction are one decision if they are near enough in the recording's time, the nearest
ones first; exits are those of trades that were opened together. Two that saw the same best prices of both
venues and of the rate saw the same books. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from arb.domain.market.ids import Coin, TradeId
from arb.domain.market.opportunity import OPENED, Opportunity
from arb.domain.market.pair import Direction

# Refused for what was done before: a session that did something else before is refused other things.
BY_STATE: Final = (
    "entry_cooldown", "reentry_pause", "trades_open", "notional_", "net_direction", "inventory_drift",
    "orders_per_minute", "daily_loss", "loss_per_trade", "balance_", "unfilled_", "fee_", "closing",
    "reduce-only", "halted", "mode_not_normal",
)  # fmt: skip


class DecisionAction(StrEnum):
    """What was decided."""

    OPEN = "open"
    CLOSE = "close"


class DifferenceKind(StrEnum):
    """Why two sessions did not do the same."""

    SAME = "same"
    LATENCY = "latency"  # decided, or filled, on another book; or it was over before the other one looked
    SIZE = "size"  # of the order, on the same books
    PARTIAL_FILL = "partial_fill"  # of the same order
    CONSEQUENCE = (
        "consequence"  # of an earlier difference: a ceiling, a cooldown, a pair that the other one lacks
    )
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTaken:
    """A pair that was to be opened or closed."""

    trade_id: TradeId
    action: DecisionAction
    coin: Coin
    direction: Direction
    at_ns: int  # since the recording began
    seen: Mapping[str, str]  # best prices of both venues and of the rate
    quantity: Decimal
    reason: str = ""
    filled: Mapping[str, Decimal] = field(default_factory=dict)  # by venue, base
    paid: Mapping[str, Decimal] = field(default_factory=dict)  # by venue, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A session on recorded books; times are since these began."""

    decisions: Sequence[DecisionTaken]
    chances: Sequence[Opportunity]
    ended_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMatch:
    """A decision of both sessions, or of one of them."""

    first: DecisionTaken | None
    second: DecisionTaken | None
    kind: DifferenceKind
    why: str = ""

    @property
    def one(self) -> DecisionTaken:
        """Return the first session's decision, or else the second's."""
        found = self.first or self.second
        assert found is not None
        return found


Both = tuple[DecisionTaken | None, DecisionTaken | None]
Entries = dict[TradeId, DecisionMatch]  # by the trade of either session: what differed first, else the newest


def compared(first: RecordedRun, second: RecordedRun, within_ns: int) -> tuple[DecisionMatch, ...]:
    """Return every decision of the time in which both sessions traded, the earliest ones first."""
    until_ns = min(first.ended_ns, second.ended_ns)
    opened = list(_nearest(_of(first, DecisionAction.OPEN), _of(second, DecisionAction.OPEN), within_ns))
    together = {each.trade_id: other.trade_id for each, other in opened if each and other}
    pairs: list[Both] = [*opened, *_closed(first, second, together)]
    known: Entries = {}
    found: list[DecisionMatch] = []
    for pair in sorted(pairs, key=lambda each: (_at_ns(each), each[0] is None)):
        if _at_ns(pair) > until_ns - (0 if all(pair) else within_ns):
            continue  # the other one had no time for it
        match = _judged(pair, (first, second), known, found, within_ns)
        found.append(match)
        for trade_id in {each.trade_id for each in pair if each is not None}:
            before = known.get(trade_id)
            if before is None or before.kind is DifferenceKind.SAME:
                known[trade_id] = match
    return tuple(found)


def _of(run: RecordedRun, action: DecisionAction) -> list[DecisionTaken]:
    return sorted((each for each in run.decisions if each.action is action), key=lambda each: each.at_ns)


def _at_ns(pair: Both) -> int:
    return min(each.at_ns for each in pair if each is not None)


def _nearest(
    first: Sequence[DecisionTaken], second: Sequence[DecisionTaken], within_ns: int
) -> Iterator[Both]:
    """Yield entries that are one decision, and those that only one session made."""
    near = sorted(
        (abs(one.at_ns - other.at_ns), n, m)
        for n, one in enumerate(first)
        for m, other in enumerate(second)
        if (one.coin, one.direction) == (other.coin, other.direction)
        and abs(one.at_ns - other.at_ns) <= within_ns
    )
    left, right = set(range(len(first))), set(range(len(second)))
    for _, n, m in near:
        if n in left and m in right:
            left.remove(n)
            right.remove(m)
            yield first[n], second[m]
    yield from ((first[n], None) for n in left)
    yield from ((None, second[m]) for m in right)


def _closed(first: RecordedRun, second: RecordedRun, together: Mapping[TradeId, TradeId]) -> Iterator[Both]:
    """Yield the exits of each pair of trades in their order, and those of trades that have no other."""
    mine, theirs = (_by_trade(_of(run, DecisionAction.CLOSE)) for run in (first, second))
    for trade_id, other in together.items():
        yield from zip_longest(mine.pop(trade_id, []), theirs.pop(other, []))
    yield from ((each, None) for rest in mine.values() for each in rest)
    yield from ((None, each) for rest in theirs.values() for each in rest)


def _by_trade(decisions: Iterable[DecisionTaken]) -> dict[TradeId, list[DecisionTaken]]:
    found: dict[TradeId, list[DecisionTaken]] = {}
    for each in decisions:
        found.setdefault(each.trade_id, []).append(each)
    return found


def _judged(
    pair: Both,
    runs: tuple[RecordedRun, RecordedRun],
    entries: Entries,
    before: Sequence[DecisionMatch],
    within_ns: int,
) -> DecisionMatch:
    one, other = pair
    if one is not None and other is not None:
        kind, why = _of_both(one, other, entries, within_ns)
    else:
        alone = one or other
        assert alone is not None
        differed = any(match.kind is not DifferenceKind.SAME for match in before)
        own, theirs = runs if one is not None else runs[::-1]
        if alone.action is DecisionAction.CLOSE:
            kind, why = _lone_exit(alone, entries)
        else:
            kind, why = _lone_entry(alone, own, theirs, differed, within_ns)
    return DecisionMatch(first=one, second=other, kind=kind, why=why)


Verdict = tuple[DifferenceKind, str]


def _of_both(one: DecisionTaken, other: DecisionTaken, entries: Entries, within_ns: int) -> Verdict:
    """Return how two decisions differ that are about the same."""
    before = entries.get(one.trade_id)
    is_exit = one.action is DecisionAction.CLOSE
    follows = is_exit and before is not None and before.kind is not DifferenceKind.SAME
    apart_ns = abs(one.at_ns - other.at_ns)
    if is_exit and (apart_ns > within_ns or one.reason != other.reason):
        why = f"{one.reason} and {other.reason}, {apart_ns / 1e9:.1f} s apart"
        return (DifferenceKind.CONSEQUENCE if follows else DifferenceKind.UNEXPLAINED), why
    if one.seen != other.seen:
        return DifferenceKind.LATENCY, "decided on other books"
    if one.quantity != other.quantity:
        return (DifferenceKind.CONSEQUENCE if follows else DifferenceKind.SIZE), (
            f"{one.quantity.normalize():f} and {other.quantity.normalize():f}"
        )
    if one.filled != other.filled:
        return DifferenceKind.PARTIAL_FILL, f"{_told(one)}; {_told(other)}"
    if one.paid != other.paid:
        return DifferenceKind.LATENCY, "filled on other books"
    return DifferenceKind.SAME, ""


def _told(decision: DecisionTaken) -> str:
    legs = decision.filled.items()
    return ", ".join(f"{venue} {quantity.normalize():f}" for venue, quantity in legs) or "nothing"


def _lone_exit(alone: DecisionTaken, entries: Entries) -> Verdict:
    before = entries.get(alone.trade_id)
    if before is None or before.first is None or before.second is None:
        return DifferenceKind.CONSEQUENCE, "of a pair that only it had"
    if before.kind is not DifferenceKind.SAME:
        return DifferenceKind.CONSEQUENCE, f"the {_named(before)} before differed: {before.kind}"
    return DifferenceKind.UNEXPLAINED, f"{alone.reason}: the other one held on, though it entered alike"


def _named(match: DecisionMatch) -> str:
    return "entry" if match.one.action is DecisionAction.OPEN else "exit"


def _lone_entry(
    alone: DecisionTaken, own: RecordedRun, theirs: RecordedRun, differed: bool, within_ns: int
) -> Verdict:
    """Return why only one session opened, by what the other one made of the same chance."""
    stood_ns = sum(each.lasted_ns for each in _chances(own, alone, 0)[:1])
    brief = stood_ns <= within_ns
    found = _chances(theirs, alone, within_ns)
    if not found:
        return (DifferenceKind.LATENCY if brief else DifferenceKind.UNEXPLAINED), (
            f"the other one saw no such edge; it stood for {stood_ns / 1e9:.1f} s"
        )
    looks: dict[str, int] = {}
    for reason, number in (pair for each in found for pair in each.reasons.items()):
        looks[reason] = looks.get(reason, 0) + number
    looks.pop(OPENED, None)
    reason = max(sorted(looks), key=lambda each: looks[each], default="")
    if reason.startswith(BY_STATE):
        return (DifferenceKind.CONSEQUENCE if differed else DifferenceKind.UNEXPLAINED), reason
    if not reason:
        return DifferenceKind.LATENCY, "gone there after what was opened"
    return (DifferenceKind.LATENCY if brief else DifferenceKind.UNEXPLAINED), reason


def _chances(run: RecordedRun, alone: DecisionTaken, within_ns: int) -> list[Opportunity]:
    """Return the chances of a decision's coin and direction at its time."""
    return [
        each
        for each in run.chances
        if (each.coin, each.direction) == (alone.coin, alone.direction)
        and each.began_ns - within_ns <= alone.at_ns <= each.ended_ns + within_ns
    ]
