"""How well a venue treats our orders: recent troubles shrink what is entrusted to it.

Troubles are claims whose order was lost, given back, rejected or proven absent. A pause that the venue asked
for, and a row of nothing but troubles, stop entries and exits; repairs of legs that stand alone still try. An
exit into a venue that answers nothing leaves its other leg alone: so few are on their way before the first
answers are there, and after failures small ones, at last one at a time, find out whether the venue is back.

A venue whose frames come late shows prices of a while ago: from half of what a quote may be late on it is
entrusted with less, and with nothing at all of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from arb.domain.market.ids import TradeId, Venue
from arb.domain.market.money import ONE, ZERO
from arb.domain.risk.review import Denied
from arb.domain.time import NS_PER_MS, is_within
from arb.domain.trading.exits import PROBED_FROM, STOP_LOSS
from arb.domain.trading.order import Order, OrderEvent, OrderState, Purpose

TROUBLES = frozenset({OrderEvent.LOSE, OrderEvent.RELEASE, OrderEvent.REJECT, OrderEvent.ABSENT})
# What says of an order that the venue did not take it; proof that it never arrived comes later: no news.
FAILURES: Final = frozenset({OrderEvent.LOSE, OrderEvent.RELEASE, OrderEvent.REJECT})
FAILING: Final = "venue_failing"  # why an exit waits: its circuit is open
UNANSWERED: Final = "venue_unanswered"  # exits are out of which nothing was heard
OUT: Final = frozenset(
    {OrderState.INTENT, OrderState.SUBMITTED, OrderState.UNKNOWN}
)  # nothing is known of it
NEWEST: Final = 64  # orders of a venue; more than may be on their way, and failures in a row that matter


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityRules:
    """When a venue is entrusted with less, and when with nothing new."""

    window_ns: int  # how far back troubles count
    samples_min: int  # with fewer claims there is no opinion
    score_min: Decimal  # below this nothing new is opened
    circuit_claims_min: int  # this many claims and nothing but troubles open the circuit,
    circuit_ns: int  # for this long after the last one
    lag_ns_max: int = 1_500 * NS_PER_MS  # how late a frame may be for its quote to be believed
    exits_unanswered_max: int = 3  # exits that may wait for a venue's answer at once


class Pace(StrEnum):
    """How an exit that may go is sent."""

    WHOLE = "whole"
    SMALL = "small"  # the venue failed other pairs just now: as little as it takes finds out


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRecord:
    """What became of the claims of orders created within the window, and how late frames are."""

    claims: int = 0
    troubles: int = 0
    last_trouble_ns: int = 0
    paused_until_ns: int = 0  # the venue asked to be left alone
    lag_ns: int = 0  # of the newest frames; 0 also where nothing is known of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of one order's way to its venue."""

    trade_id: TradeId
    created_at_ns: int
    was_taken: bool  # the venue has it under an id of its own
    failed_at_ns: int  # when it was last lost, rejected or not sent; 0: never
    is_exit_out: bool  # an exit whose outcome is not known

    @classmethod
    def of(
        cls,
        *,
        trade_id: TradeId,
        created_at_ns: int,
        state: OrderState,
        purpose: Purpose,
        is_known: bool,
        failed_at_ns: int,
    ) -> "Answer":
        """Return how the venue answered an order; `is_known` says that its venue has given it an id."""
        return cls(
            trade_id=trade_id,
            created_at_ns=created_at_ns,
            was_taken=is_known and state is not OrderState.REJECTED,
            failed_at_ns=failed_at_ns,
            is_exit_out=state in OUT and purpose is Purpose.EXIT,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How a venue answered its newest orders."""

    failed: int = 0  # trades of which an order failed since the newest one that it took
    failed_at_ns: int = 0
    exits_out: int = 0  # exits decided within the window whose outcome is not known,
    exits_asked: int = 0  # and of which nothing was heard at all


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueHealth:
    """All that an exit asks of a venue."""

    record: VenueRecord = VenueRecord()
    answers: Answers = Answers()


def score(record: VenueRecord, rules: StabilityRules) -> Decimal:
    """Return the share of claims that went well, less for what comes late, in [0, 1]."""
    return _answered(record, rules) * _in_time(record, rules)


def _answered(record: VenueRecord, rules: StabilityRules) -> Decimal:
    """Return the share of claims that went well; 1 while there are too few to tell."""
    if record.claims < max(1, rules.samples_min):
        return ONE
    return max(ZERO, ONE - Decimal(record.troubles) / record.claims)


def _in_time(record: VenueRecord, rules: StabilityRules) -> Decimal:
    """Return 1 up to half of the lag that is borne, 0 from all of it on, and what lies between between."""
    return min(ONE, max(ZERO, 2 - 2 * Decimal(record.lag_ns) / rules.lag_ns_max))


def obstacle(venue: Venue, record: VenueRecord, rules: StabilityRules, now_ns: int) -> Denied | None:
    """Return why nothing new may be opened at this venue, or None."""
    if now_ns < record.paused_until_ns or _circuit_is_open(record, rules, now_ns):
        return Denied(f"venue_paused_{venue}")
    return _doubt(venue, record, rules)


def _doubt(venue: Venue, record: VenueRecord, rules: StabilityRules) -> Denied | None:
    """Return why the venue's score is too low, or None."""
    if score(record, rules) >= rules.score_min:
        return None
    is_late = _in_time(record, rules) < _answered(record, rules)
    return Denied(f"venue_late_{venue}" if is_late else f"venue_unstable_{venue}")


def _circuit_is_open(record: VenueRecord, rules: StabilityRules, now_ns: int) -> bool:
    """Tell whether everything failed a moment ago; after a while one trade is let through to see."""
    all_failed = record.claims >= rules.circuit_claims_min and record.troubles >= record.claims
    return all_failed and is_within(record.last_trouble_ns, now_ns, rules.circuit_ns)


def answers_of(newest: Collection[Answer], since_ns: int) -> Answers:
    """Return how a venue answered its newest orders; exits created until `since_ns` are waited for no more.

    Orders are compared by when they were decided: late news of an old one says nothing of how it is now. And
    a pair that its venue rejects again and again is one failure: it rests by itself, and stops no other pair.
    """
    taken_ns = max((each.created_at_ns for each in newest if each.was_taken), default=0)
    failed = [
        each for each in newest if each.failed_at_ns and not each.was_taken and each.created_at_ns > taken_ns
    ]
    out = [each for each in newest if each.is_exit_out and each.created_at_ns > since_ns]
    return Answers(
        failed=len({each.trade_id for each in failed}),
        failed_at_ns=max((each.failed_at_ns for each in failed), default=0),
        exits_out=len(out),
        exits_asked=sum(not each.failed_at_ns for each in out),
    )


def without(
    healths: Mapping[Venue, VenueHealth], orders: Collection[Order], since_ns: int
) -> dict[Venue, VenueHealth]:
    """Return the records that a trade's own orders leave: what is rejected of it alone lets it rest, too."""
    recent = [order for order in orders if order.created_at_ns > since_ns]
    found = dict(healths)
    for venue, health in healths.items():
        own = [order for order in recent if order.venue is venue]
        failed = sum(order.attempts for order in own if order.venue_order_id is None)
        record = replace(
            health.record,
            claims=max(0, health.record.claims - sum(order.attempts for order in own)),
            troubles=max(0, health.record.troubles - failed),
        )
        found[venue] = replace(health, record=record)
    return found


def exit_pace(
    healths: Mapping[Venue, VenueHealth], reason: str, rules: StabilityRules, now_ns: int
) -> Pace | Denied:
    """Return how an exit may be sent now, or why it would leave a leg alone.

    A stop-loss does without a good score. Nothing does without venues that take orders.
    """
    pace = Pace.WHOLE
    for venue in Venue:
        health = healths.get(venue, VenueHealth())
        denied = _exit_obstacle(venue, health, reason, rules, now_ns)
        if denied is not None:
            return denied
        if health.answers.failed >= PROBED_FROM:
            pace = Pace.SMALL
    return pace


def _exit_obstacle(
    venue: Venue, health: VenueHealth, reason: str, rules: StabilityRules, now_ns: int
) -> Denied | None:
    record, answers = health.record, health.answers
    if now_ns < record.paused_until_ns:
        return Denied(f"venue_paused_{venue}")
    just_failed = _is_failing(answers, rules) and is_within(answers.failed_at_ns, now_ns, rules.circuit_ns)
    if just_failed or _circuit_is_open(record, rules, now_ns):
        return Denied(f"{FAILING}_{venue}")
    if _is_full(answers, rules):
        return Denied(f"{UNANSWERED}_{venue}")
    return None if reason == STOP_LOSS else _doubt(venue, record, rules)


def _is_failing(answers: Answers, rules: StabilityRules) -> bool:
    """Tell whether nothing but failures came of the newest orders, however long ago they were."""
    return answers.failed >= rules.circuit_claims_min


def _is_full(answers: Answers, rules: StabilityRules) -> bool:
    """Tell whether as many exits wait for the venue as may be left with one leg should it be away."""
    if _is_failing(answers, rules):
        return answers.exits_out > 0
    may_fail = answers.failed + answers.exits_asked
    return answers.exits_out >= rules.exits_unanswered_max or may_fail >= rules.circuit_claims_min
