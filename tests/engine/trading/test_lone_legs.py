"""How much is allowed while a leg that was escalated stands alone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import Trade, TradeState
from tests.engine.testbed import SESSION, EngineTestbed


def stood(testbed: EngineTestbed) -> tuple[Mode, str]:
    session = testbed.sessions.get(SESSION)
    return session.mode, session.mode_reason


def left_alone(testbed: EngineTestbed) -> Trade:
    """Open a pair and hand it over with a leg alone, whatever its orders say."""
    testbed.pass_time(1)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.pending.clear()
    trade = max(testbed.tables.trades.values(), key=lambda each: each.opened_at_ns)
    alone = replace(
        trade, state=TradeState.ESCALATED, residual=Decimal("0.01"), closed_at_ns=testbed.clock.now_ns()
    )
    return testbed.trades.add_orders(alone, ())


def end(testbed: EngineTestbed, trade: Trade) -> None:
    testbed.trades.add_orders(replace(trade, state=TradeState.CLOSED), ())


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def test_a_leg_that_was_escalated_lets_nothing_be_opened_until_it_is_gone(testbed):
    first, second = left_alone(testbed), left_alone(testbed)
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))
    end(testbed, first)
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))
    end(testbed, second)
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.NORMAL, reason_text(Cause.NO_LEG_ALONE))


def test_each_sweep_looks(testbed):
    left_alone(testbed)
    testbed.sweep.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(Mode.HALTED, "killed: by hand"), (Mode.HALTED, "by hand"), (Mode.REDUCE_ONLY, "mine")],
)
def test_a_halt_and_what_a_person_reduced_stay_as_they_are(testbed, mode, reason):
    trade = left_alone(testbed)
    testbed.sessions.set_mode(SESSION, mode, reason, testbed.clock.now_ns())
    testbed.lone_legs.run()
    assert stood(testbed) == (mode, reason)
    end(testbed, trade)
    testbed.lone_legs.run()
    assert stood(testbed) == (mode, reason)


@pytest.mark.parametrize("reason", ["by hand", reason_text(Cause.UNKILLED)])
def test_a_person_who_lets_it_trade_beside_the_leg_knows_of_it(testbed, reason):
    left_alone(testbed)
    testbed.lone_legs.run()
    testbed.pass_time(1_000)
    testbed.sessions.set_mode(SESSION, Mode.NORMAL, reason, testbed.clock.now_ns())
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.NORMAL, reason)
    testbed.pass_time(1_000)
    left_alone(testbed)  # of this one he does not
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


@pytest.mark.parametrize("reason", [reason_text(Cause.RECONCILED), "the state store is back"])
def test_what_was_lifted_by_itself_is_no_decision(testbed, reason):
    left_alone(testbed)
    testbed.pass_time(1_000)
    testbed.sessions.set_mode(SESSION, Mode.NORMAL, reason, testbed.clock.now_ns())
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


def test_another_reason_that_passes_is_not_lifted_with_the_leg(testbed):
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK), testbed.clock.now_ns())
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK))


def test_a_leg_that_is_taken_up_again_still_stands_alone(testbed):
    trade = left_alone(testbed)
    testbed.lone_legs.run()
    testbed.trades.repair_again(replace(trade, state=TradeState.REPAIRING, closed_at_ns=0))
    testbed.lone_legs.run()
    assert stood(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


def test_a_change_at_the_same_moment_stays(testbed):
    left_alone(testbed)

    class Raced:
        def __getattr__(self, name):
            return getattr(testbed.sessions, name)

        def change_mode(self, seen, mode, reason, now_ns):
            testbed.sessions.set_mode(SESSION, Mode.HALTED, "by hand", now_ns)
            return testbed.sessions.change_mode(seen, mode, reason, now_ns)

    replace(testbed.lone_legs, sessions=Raced()).run()
    assert stood(testbed) == (Mode.HALTED, "by hand")
