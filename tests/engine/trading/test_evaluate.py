"""Which coins are looked at, and what is decided on them."""

import pytest

from arb.domain.health.degradation import Degree
from arb.domain.trading.trade import TradeState
from tests.engine.town import Town


@pytest.fixture
def town() -> Town:
    return Town()


def open_pair(town: Town) -> None:
    town.premium(60)
    assert town.evaluate_now() == 1


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def test_a_far_coin_is_looked_at_once_a_second_and_counted_otherwise():
    town = Town()
    town.degree = Degree.NEAR
    town.premium(10)
    town.evaluate_now()
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["degraded", "far_coins"] == 1
    town.pass_time(1_000)
    town.premium(60)
    assert town.evaluate_now() == 1


@pytest.mark.parametrize("degree", [Degree.FULL, Degree.LEAN])
def test_below_that_degree_every_coin_is_looked_at(degree):
    town = Town()
    town.degree = degree
    town.premium(10)
    town.evaluate_now()
    town.premium(60)
    assert town.evaluate_now() == 1


def test_a_coin_that_is_held_is_never_far():
    town = Town()
    town.degree = Degree.SHALLOW
    town.premium(60)
    assert town.evaluate_now() == 1
    while town.pending:
        town.run_one()
    for _ in range(2):
        town.premium(9)  # far by its premium, and not yet time to close
        town.evaluate_now()
    town.premium(0)
    assert town.evaluate_now() == 1, "it is closed as soon as its time has come"
    assert ("degraded", "far_coins") not in town.counters.counts


def test_killed_opens_and_closes_nothing(town):
    town.switch.engage("test", 0)
    town.premium(60)
    assert town.evaluate_now() == 0
    assert not town.tables.orders


def test_a_hedged_pair_is_not_closed_while_killed(town):
    open_pair(town)
    while town.pending:
        town.run_one()
    assert only_trade(town).state is TradeState.OPEN
    town.switch.engage("test", 0)
    town.premium(0)
    assert town.evaluate_now() == 0
