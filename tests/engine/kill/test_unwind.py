"""Bringing everything to rest in one process, by looking at every row in turn."""

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Conflict, IllegalTransition, StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from arb.engine.kill.unwind import NOT_IN_TIME, Left, Unwind
from tests.domain.markets import PAIR
from tests.engine.town import SESSION, Town


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
def town() -> Town:
    """With a pair whose intents were written, and whose messages nobody will run."""
    found = Town()
    found.premium(60)
    assert found.evaluate_now() == 1
    found.pending.clear()
    return found


def unwind(town: Town, **changes) -> Unwind:
    parts = {
        "session_id": SESSION, "trades": town.trades, "execute": town.execute, "settle": town.settle,
        "hand_over": town.hand_over,
    }  # fmt: skip
    return Unwind(**{**parts, **changes})


def states(town: Town) -> set[OrderState]:
    return {row.order.state for row in town.tables.orders.values()}


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def order_on(town: Town, venue: Venue):
    (order,) = [row.order for row in town.tables.orders.values() if row.order.venue is venue]
    return order


def alarms(town: Town) -> list[tuple[str, str]]:
    return [(alert.kind, alert.subject) for _, alert in town.tables.alerts]


def unknown_leg(town: Town) -> None:
    """Fill the Upbit leg, and lose every trace of the other one."""
    town.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    for venue in PAIR.venues:
        town.execute.place(order_on(town, venue).client_order_id)
    town.venues[Venue.BINANCE].mute = True


def lonely_leg(town: Town) -> None:
    """Fill the Upbit leg, have the other one refused, and show nobody a market."""
    town.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    for venue in PAIR.venues:
        town.execute.place(order_on(town, venue).client_order_id)
    for client in town.venues.values():
        client.silent = True
    town.pass_time(6_000)


def test_a_step_sends_what_was_not_sent_and_settles_it(town):
    assert unwind(town).step().at_rest
    assert states(town) == {OrderState.FILLED}
    assert only_trade(town).state is TradeState.OPEN


def test_a_step_sends_no_message(town):
    town.dispatcher.take()
    unwind(town).step()
    assert {task for task, _, _ in town.dispatcher.take()} <= {"arb.settle_trade"}


def test_a_step_while_killed_denies_what_was_not_sent(town):
    town.switch.engage("test", 0)
    assert unwind(town).step().at_rest
    assert states(town) == {OrderState.DENIED}
    assert only_trade(town).state is TradeState.ABORTED


def test_a_trade_that_waits_for_an_order_is_left_with_it(town):
    unknown_leg(town)
    left = unwind(town).step()
    assert [order.state for order in left.orders] == [OrderState.UNKNOWN]
    assert [view.trade.trade_id for view in left.trades] == [only_trade(town).trade_id]
    assert not left.at_rest


def test_what_became_known_is_moved_by_the_next_step(town):
    unknown_leg(town)
    made = unwind(town)
    made.step()
    town.venues[Venue.BINANCE].mute = False
    town.pass_time(13_000)
    town.premium(0)
    for _ in range(3):
        left = made.step()
    assert left.at_rest
    assert OrderState.UNKNOWN not in states(town)


def test_a_step_is_a_problem_of_its_own_order_only(town):
    failing = order_on(town, Venue.UPBIT).client_order_id
    error = IllegalTransition(failing, "intent", "fill")
    made = unwind(town, execute=Failing(town.execute, "place", error, failing))
    made.step()
    assert made.problems == {failing: str(error)}
    assert order_on(town, Venue.BINANCE).state is OrderState.FILLED


def test_a_problem_that_is_over_is_forgotten(town):
    failing = order_on(town, Venue.UPBIT).client_order_id
    made = unwind(town, execute=Failing(town.execute, "place", IllegalTransition("a", "b", "c"), failing))
    made.step()
    after = unwind(town, problems=made.problems)
    after.step()
    assert after.problems == {}


def test_a_database_that_is_away_ends_the_step(town):
    made = unwind(town, execute=Failing(town.execute, "place", StoreUnavailable("away")))
    with pytest.raises(StoreUnavailable):
        made.step()
    assert made.problems == {}


def test_a_leg_that_nobody_evened_out_is_handed_over_with_the_reason(town):
    lonely_leg(town)
    made = unwind(town)
    left = made.step()
    assert made.give_up(left) == (only_trade(town).trade_id,)
    assert (only_trade(town).state, only_trade(town).reason) == (TradeState.HANDED_OVER, NOT_IN_TIME)
    assert ("trade_handed_over", only_trade(town).trade_id) in alarms(town)


def test_a_trade_with_an_unknown_order_is_named_and_goes_on(town):
    unknown_leg(town)
    made = unwind(town)
    assert made.give_up(made.step()) == (only_trade(town).trade_id,)
    assert only_trade(town).state is not TradeState.HANDED_OVER
    assert ("trade_handed_over", only_trade(town).trade_id) in alarms(town)


def test_a_trade_that_a_worker_settled_at_this_moment_is_not_given_up(town):
    lonely_leg(town)
    conflicted = Failing(town.hand_over, "run", Conflict("somebody else"))
    left = unwind(town).step()
    assert unwind(town, hand_over=conflicted).give_up(left) == ()


def test_nothing_left_is_at_rest_and_nothing_to_give_up(town):
    assert Left((), ()).at_rest
    assert unwind(town).give_up(Left((), ())) == ()
