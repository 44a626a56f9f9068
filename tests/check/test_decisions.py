"""Decisions on prices at which nothing could be traded are found by what was kept of them."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.check.checkers import Findings, check
from arb.check.history import Invariant
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose
from tests.check.histories import Told, story

RULE = Invariant.DECIDED_BY_WHAT_EXECUTES
Fault = Callable[[Told], Told]


def judged(told: Told) -> Findings:
    """Return what the whole check says."""
    return check(told.engine, told.venues)


def entry_saw(**facts: str) -> Fault:
    """Return the fault of an entry that saw these things."""

    def fault(told: Told) -> Told:
        mine = told.engine.trades[0].trade_id
        seen = dict(told.engine.decided_on)
        seen[mine] = {**seen[mine], **facts}
        return told.with_engine(decided_on=seen)

    return fault


def exit_saw(**facts: str) -> Fault:
    """Return the fault of an exit that saw these things."""

    def fault(told: Told) -> Told:
        mine = told.engine.trades[0].trade_id
        [(at_ns, seen)] = told.engine.decided_later[mine].items()
        later = {**told.engine.decided_later, mine: {at_ns: {**seen, **facts}}}
        return told.with_engine(decided_later=later)

    return fault


def repair_saw(**facts: str) -> Fault:
    """The same where the exit is a repair on Upbit, and nothing is done on Binance."""

    def fault(told: Told) -> Told:
        seen = exit_saw(**facts)(told)
        alone = told.engine.orders[2:4]
        kept = [each for each in alone if each.venue is Venue.UPBIT]
        orders = (*told.engine.orders[:2], replace(kept[0], purpose=Purpose.REPAIR), *told.engine.orders[4:])
        return seen.with_engine(orders=orders)

    return fault


def exit_not_kept(told: Told) -> Told:
    """An earlier exit was kept, so that this one would have been."""
    return told.with_engine(
        decided_later={
            told.engine.trades[0].trade_id: told.engine.decided_later[told.engine.trades[0].trade_id]
        }
    )


def claims_too_much(told: Told) -> Told:
    """Sold at 140,000,000 and bought for 139,000,695: 66.7 bps with fees, and a middle promises more."""
    return entry_saw(edge_bps="80", upbit_fee_bps="5", binance_fee_bps="10")(told)


FAULTS: list[Fault] = [
    entry_saw(upbit_ask="0"),
    entry_saw(binance_bid="0"),
    entry_saw(upbit_bid="150000000", upbit_ask="140000000"),
    entry_saw(upbit_ask="142100000"),
    exit_saw(binance_ask="102000", binance_bid="100000.5"),
    entry_saw(upbit_age_ms="2001"),
    entry_saw(binance_age_ms="-600"),
    entry_saw(rate_age_ms="5001"),
    entry_saw(rate_ask="1540"),
    exit_saw(rate_bid="1260"),
    exit_saw(reason="take_profit", binance_ask="102000", binance_bid="100000.5"),
    entry_saw(upbit_bid="139990000", upbit_ask="140010000"),
    exit_saw(upbit_bid="139990000", upbit_ask="140010000"),
    repair_saw(upbit_bid="139990000", upbit_ask="140010000"),
    repair_saw(upbit_age_ms="9000"),
    exit_not_kept,
    claims_too_much,
    entry_saw(upbit_ask="140100000", spread_bps_max="5"),
    exit_saw(upbit_age_ms="600", quote_age_ms_max="500"),
    entry_saw(rate_age_ms="1001", rate_age_ms_max="1000"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_could_not_be_traded_is_found(fault: Fault) -> None:
    assert judged(story(Decimal("0.1"), Decimal("0.2"))).invariants[RULE] is True
    findings = judged(fault(story(Decimal("0.1"), Decimal("0.2"))))
    assert findings.invariants[RULE] is False


@pytest.mark.parametrize(
    "fine",
    [
        repair_saw(binance_ask="120000", binance_age_ms="9000", rate_ask="1540"),
        repair_saw(upbit_bid="100000000"),
        entry_saw(edge_bps="56", upbit_fee_bps="5", binance_fee_bps="10"),
        entry_saw(upbit_ask="141390000"),
        entry_saw(upbit_ask="142000000", spread_bps_max="150"),
        exit_saw(upbit_age_ms="9000", quote_age_ms_max="10000"),
        entry_saw(rate_age_ms="5000", upbit_age_ms="2000", binance_age_ms="-500"),
        exit_saw(reason="take_profit", rate_age_ms="59000"),
        exit_saw(reason="stop_loss", rate_age_ms="900000", binance_ask="102000"),
    ],
)
def test_a_leg_alone_needs_its_own_venue_and_a_narrow_book_is_no_fault(fine: Fault) -> None:
    assert judged(fine(story())).invariants[RULE] is True


def test_what_was_not_kept_in_older_sessions_is_not_proven() -> None:
    findings = judged(story().with_engine(decided_later={}))
    assert findings.invariants[RULE] is None
    assert "2 older orders" in dict(findings.unproven)[RULE]


def test_without_a_coins_price_steps_its_books_are_not_called_wide() -> None:
    """Three coarse steps are no hole, and nobody knows the steps while a venue tells no rules."""
    told = entry_saw(upbit_ask="142100000")(story())
    assert judged(told).invariants[RULE] is False
    assert judged(told.with_engine(instruments={})).invariants[RULE] is True
