"""Seconds are counted for those who ask for them, and are the same as if they had always been."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.krw.public_tape import TRADES_KEPT, PublicTape

BEGIN_NS = 1_700_000_000 * NS_PER_S
STEP_NS = NS_PER_S // 10
MARKET = "KRW-BTC"


def book(step):
    bid = Decimal(100 + step % 7)
    return SimulatedBook(bids=(SimulatedLevel(bid, Decimal(3)),), asks=(SimulatedLevel(bid + 1, Decimal(3)),))


def tape_after(steps, asked_at, step_ns=STEP_NS):
    """Return a tape whose seconds were first asked for after that many steps."""
    tape = PublicTape(3, Venue.UPBIT)
    for step in range(steps):
        tape.advance(step, BEGIN_NS + step * step_ns, {MARKET: book(step)})
        if step == asked_at:
            tape.made_of(MARKET, 1)
    return tape


def seconds(tape):
    return list(tape.made_of(MARKET, 1).of(1))


@pytest.mark.parametrize("asked_at", [50, 1_000, 2_900, None])
def test_seconds_that_are_asked_for_late_are_those_that_were_always_counted(asked_at):
    always, late = seconds(tape_after(3_000, asked_at=0)), seconds(tape_after(3_000, asked_at))
    assert 40 < len(late) <= len(always)
    assert late == always[-len(late) :]


def test_nothing_is_lost_while_all_trades_are_kept():
    assert seconds(tape_after(500, None)) == seconds(tape_after(500, asked_at=0))


def test_a_second_of_more_trades_than_are_kept_has_a_candle():
    tape = tape_after(4 * TRADES_KEPT, None, step_ns=1)
    assert len(tape.recent[MARKET]) == TRADES_KEPT
    assert [each.begins_s for each in seconds(tape)] == [BEGIN_NS // NS_PER_S]


def test_nobody_s_seconds_are_counted():
    tape = tape_after(500, None)
    assert not tape._seconds
    assert tape.made_of(MARKET, 60) is tape.candles[MARKET]
    assert not tape._seconds


def test_a_side_that_is_gone_is_not_traded_at():
    tape = PublicTape(3, Venue.UPBIT)
    asks_only = SimulatedBook(bids=(), asks=(SimulatedLevel(Decimal(101), Decimal(3)),))
    for step in range(100):
        tape.advance(step, BEGIN_NS + step, {MARKET: asks_only})
    assert {trade.ask_bid for trade in tape.recent[MARKET]} == {"BID"}
