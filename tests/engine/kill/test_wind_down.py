"""Bringing everything to rest in one process, by looking at every row in turn."""

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Conflict, IllegalTransition, StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.kill.wind_down import NOT_IN_TIME, Left, WindDown
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed


class Failing:
    """A use case that fails for one subject, and does for others what it always did."""

    def __init__(self, target, name: str, error: Exception, subject: str | None = None) -> None:
        self._target, self._name, self._error, self._subject = target, name, error, subject

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if name != self._name:
            return found

        def run(subject, *args):
            if self._subject in (None, subject):
                raise self._error
            return found(subject, *args)

        return run


@pytest.fixture
def testbed() -> EngineTestbed:
    """With a pair whose intents were written, and whose messages nobody will run."""
    found = EngineTestbed()
    found.premium(60)
    assert found.evaluate_now() == 1
    found.pending.clear()
    return found


def wind_down(testbed: EngineTestbed, **changes) -> WindDown:
    parts = {
        "session_id": SESSION, "trades": testbed.trades, "execute": testbed.execute, "settle": testbed.settle,
        "escalate": testbed.escalate,
    }  # fmt: skip
    return WindDown(**{**parts, **changes})


def states(testbed: EngineTestbed) -> set[OrderState]:
    return {row.order.state for row in testbed.tables.orders.values()}


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def order_on(testbed: EngineTestbed, venue: Venue):
    (order,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is venue]
    return order


def alarms(testbed: EngineTestbed) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for _, alert in testbed.tables.alerts]


def unknown_leg(testbed: EngineTestbed) -> None:
    """Fill the Upbit leg, and lose every trace of the other one."""
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    for venue in PAIR.venues:
        testbed.execute.place(order_on(testbed, venue).client_order_id)
    testbed.venues[Venue.BINANCE].mute = True


def leave_leg_alone(testbed: EngineTestbed) -> None:
    """Fill the Upbit leg, have the other one refused, and show nobody a market."""
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    for venue in PAIR.venues:
        testbed.execute.place(order_on(testbed, venue).client_order_id)
    for client in testbed.venues.values():
        client.silent = True
    testbed.pass_time(6_000)


def test_a_step_sends_what_was_not_sent_and_settles_it(testbed):
    assert wind_down(testbed).step().at_rest
    assert states(testbed) == {OrderState.FILLED}
    assert only_trade(testbed).state is TradeState.OPEN


def test_a_step_sends_no_message(testbed):
    testbed.dispatcher.take()
    wind_down(testbed).step()
    assert {task for task, _, _ in testbed.dispatcher.take()} <= {"arb.settle_trade"}


def test_a_step_while_killed_denies_what_was_not_sent(testbed):
    testbed.switch.engage("test", 0)
    assert wind_down(testbed).step().at_rest
    assert states(testbed) == {OrderState.DENIED}
    assert only_trade(testbed).state is TradeState.ABORTED


def test_a_trade_that_waits_for_an_order_is_left_with_it(testbed):
    unknown_leg(testbed)
    left = wind_down(testbed).step()
    assert [order.state for order in left.orders] == [OrderState.UNKNOWN]
    assert [view.trade.trade_id for view in left.trades] == [only_trade(testbed).trade_id]
    assert not left.at_rest


def test_what_became_known_is_moved_by_the_next_step(testbed):
    unknown_leg(testbed)
    made = wind_down(testbed)
    made.step()
    testbed.venues[Venue.BINANCE].mute = False
    testbed.pass_time(13_000)
    testbed.premium(0)
    for _ in range(3):
        left = made.step()
    assert left.at_rest
    assert OrderState.UNKNOWN not in states(testbed)


def test_a_step_is_a_problem_of_its_own_order_only(testbed):
    failing = order_on(testbed, Venue.UPBIT).client_order_id
    error = IllegalTransition(failing, "intent", "fill")
    made = wind_down(testbed, execute=Failing(testbed.execute, "place", error, failing))
    made.step()
    assert made.problems == {failing: str(error)}
    assert order_on(testbed, Venue.BINANCE).state is OrderState.FILLED


def test_a_problem_that_is_over_is_forgotten(testbed):
    failing = order_on(testbed, Venue.UPBIT).client_order_id
    made = wind_down(
        testbed, execute=Failing(testbed.execute, "place", IllegalTransition("a", "b", "c"), failing)
    )
    made.step()
    after = wind_down(testbed, problems=made.problems)
    after.step()
    assert after.problems == {}


def test_a_database_that_is_away_ends_the_step(testbed):
    made = wind_down(testbed, execute=Failing(testbed.execute, "place", StoreUnavailable("away")))
    with pytest.raises(StoreUnavailable):
        made.step()
    assert made.problems == {}


def test_a_leg_that_nobody_repaired_is_escalated_with_the_reason(testbed):
    leave_leg_alone(testbed)
    made = wind_down(testbed)
    left = made.step()
    assert made.escalate_rest(left) == (only_trade(testbed).trade_id,)
    assert (only_trade(testbed).state, only_trade(testbed).reason) == (TradeState.ESCALATED, NOT_IN_TIME)
    assert ("trade_handed_over", only_trade(testbed).trade_id) in alarms(testbed)


def test_a_trade_with_an_unknown_order_is_named_and_goes_on(testbed):
    unknown_leg(testbed)
    made = wind_down(testbed)
    assert made.escalate_rest(made.step()) == (only_trade(testbed).trade_id,)
    assert only_trade(testbed).state is not TradeState.ESCALATED
    assert ("trade_handed_over", only_trade(testbed).trade_id) in alarms(testbed)


def test_a_trade_that_a_worker_settled_at_this_moment_is_not_given_up(testbed):
    leave_leg_alone(testbed)
    conflicted = Failing(testbed.escalate, "run", Conflict("somebody else"))
    left = wind_down(testbed).step()
    assert wind_down(testbed, escalate=conflicted).escalate_rest(left) == ()


def test_nothing_left_is_at_rest_and_nothing_to_give_up(testbed):
    assert Left((), ()).at_rest
    assert wind_down(testbed).escalate_rest(Left((), ())) == ()
