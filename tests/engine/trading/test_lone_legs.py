"""How much is allowed while a leg that was handed over stands alone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import Trade, TradeState
from tests.engine.town import SESSION, Town


def stood(town: Town) -> tuple[Mode, str]:
    session = town.sessions.get(SESSION)
    return session.mode, session.mode_reason


def left_alone(town: Town) -> Trade:
    """Open a pair and hand it over with a leg alone, whatever its orders say."""
    town.pass_time(1)
    town.premium(60)
    assert town.evaluate_now() == 1
    town.pending.clear()
    trade = max(town.tables.trades.values(), key=lambda each: each.opened_at_ns)
    alone = replace(
        trade, state=TradeState.HANDED_OVER, residual=Decimal("0.01"), closed_at_ns=town.clock.now_ns()
    )
    return town.trades.add_orders(alone, ())


def end(town: Town, trade: Trade) -> None:
    town.trades.add_orders(replace(trade, state=TradeState.CLOSED), ())


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_leg_that_was_handed_over_lets_nothing_be_opened_until_it_is_gone(town):
    first, second = left_alone(town), left_alone(town)
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))
    end(town, first)
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))
    end(town, second)
    town.lone_legs.run()
    assert stood(town) == (Mode.NORMAL, reason_text(Cause.NO_LEG_ALONE))


def test_each_sweep_looks(town):
    left_alone(town)
    town.sweep.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(Mode.HALTED, "killed: by hand"), (Mode.HALTED, "by hand"), (Mode.REDUCE_ONLY, "mine")],
)
def test_a_halt_and_what_a_person_reduced_stay_as_they_are(town, mode, reason):
    trade = left_alone(town)
    town.sessions.set_mode(SESSION, mode, reason, town.clock.now_ns())
    town.lone_legs.run()
    assert stood(town) == (mode, reason)
    end(town, trade)
    town.lone_legs.run()
    assert stood(town) == (mode, reason)


@pytest.mark.parametrize("reason", ["by hand", reason_text(Cause.UNKILLED)])
def test_a_person_who_lets_it_trade_beside_the_leg_knows_of_it(town, reason):
    left_alone(town)
    town.lone_legs.run()
    town.pass_time(1_000)
    town.sessions.set_mode(SESSION, Mode.NORMAL, reason, town.clock.now_ns())
    town.lone_legs.run()
    assert stood(town) == (Mode.NORMAL, reason)
    town.pass_time(1_000)
    left_alone(town)  # of this one he does not
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


@pytest.mark.parametrize("reason", [reason_text(Cause.RECONCILED), "the state store is back"])
def test_what_was_lifted_by_itself_is_no_decision(town, reason):
    left_alone(town)
    town.pass_time(1_000)
    town.sessions.set_mode(SESSION, Mode.NORMAL, reason, town.clock.now_ns())
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


def test_another_reason_that_passes_is_not_lifted_with_the_leg(town):
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK), town.clock.now_ns())
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK))


def test_a_leg_that_is_taken_up_again_still_stands_alone(town):
    trade = left_alone(town)
    town.lone_legs.run()
    town.trades.repair_again(replace(trade, state=TradeState.REPAIRING, closed_at_ns=0))
    town.lone_legs.run()
    assert stood(town) == (Mode.REDUCE_ONLY, reason_text(Cause.LEG_ALONE))


def test_a_change_at_the_same_moment_stays(town):
    left_alone(town)

    class Raced:
        def __getattr__(self, name):
            return getattr(town.sessions, name)

        def change_mode(self, seen, mode, reason, now_ns):
            town.sessions.set_mode(SESSION, Mode.HALTED, "by hand", now_ns)
            return town.sessions.change_mode(seen, mode, reason, now_ns)

    replace(town.lone_legs, sessions=Raced()).run()
    assert stood(town) == (Mode.HALTED, "by hand")
