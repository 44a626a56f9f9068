"""Pairs whose coin was taken off the list, or whose market is gone: fed, closed, told of, not forgotten."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.domain.trading.trade import TradeState
from arb.engine.market.rules import REFRESH_NS
from arb.engine.trading.held_pairs import REPEAT_NS, STUCK_NS
from tests.domain.markets import PAIR
from tests.engine.town import BTC, RULES, Town

MS = NS_PER_MS


def settled(town: Town) -> None:
    while town.pending and town.pending[0][0] <= town.clock.now_ns():
        town.run_one()


@pytest.fixture
def town() -> Town:
    """A town with a pair open."""
    town = Town()
    town.premium(60)
    assert town.evaluate_now() == 1
    settled(town)
    return town


def without_list(town: Town) -> Town:
    """The same world in a process whose list has no BTC any more."""
    town.coins = ()
    town._wire_engine()
    return town


def told(town: Town, kind: str) -> list[tuple[str, Severity]]:
    return [(alert.subject, alert.severity) for _, alert in town.tables.alerts if alert.kind == kind]


def state(town: Town) -> TradeState:
    (trade,) = town.tables.trades.values()
    return trade.state


def test_a_coin_off_the_list_is_fed_told_of_and_opens_nothing(town: Town):
    without_list(town).sweep.run()
    assert town.registry.held == (BTC,)
    assert told(town, "coin_off_list") == [(BTC, Severity.WARNING)]
    town.premium(60)
    assert town.evaluate_now() == 0
    assert len(town.tables.trades) == 1
    assert town.counters.counts["refused", "closing_only_upbit"] == 1


def test_a_pair_of_a_coin_off_the_list_is_closed_and_then_it_is_fed_no_more(town: Town):
    without_list(town).sweep.run()
    town.premium(0)
    assert town.evaluate_now() == 1
    settled(town)
    assert state(town) is TradeState.CLOSED
    town.sweep.run()
    assert town.registry.held == ()
    assert told(town, "coin_off_list") == [(BTC, Severity.WARNING), (BTC, Severity.INFO)]


def test_a_registry_that_is_away_keeps_no_sweep_from_its_work(town: Town):
    town.registry.away = True
    without_list(town).sweep.run()
    assert told(town, "coin_off_list") == [(BTC, Severity.WARNING)]


def test_a_listed_coin_is_not_held_besides(town: Town):
    town.sweep.run()
    assert town.registry.held == ()
    assert told(town, "coin_off_list") == []


def gone(town: Town, venue: Venue) -> None:
    town.venues[venue].rules = {}


def halted(town: Town, venue: Venue) -> None:
    rule = RULES[venue]
    town.venues[venue].rules = {rule.symbol: replace(rule, tradable=False)}


def watch(town: Town, ns: int, premium: int = 60) -> None:
    """Sweep every ten seconds, with fresh quotes."""
    for _ in range(ns // (10_000 * MS)):
        town.pass_time(10_000)
        town.premium(premium)
        town.sweep.run()


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("befall", [gone, halted])
def test_a_pair_whose_market_is_gone_or_halted_is_told_of_again_and_again(town: Town, venue: Venue, befall):
    befall(town, venue)
    town.pass_time(REFRESH_NS // MS)
    town.premium(60)
    town.sweep.run()
    assert told(town, "pair_stuck") == []
    watch(town, STUCK_NS + 2 * REPEAT_NS)
    subjects = {subject for subject, _ in told(town, "pair_stuck")}
    assert subjects == set(town.tables.trades)
    assert len(told(town, "pair_stuck")) == 3
    severities = [severity for _, severity in told(town, "pair_stuck")]
    assert severities[0] is Severity.WARNING
    assert Severity.CRITICAL in severities
    (alert, *_) = [alert for _, alert in town.tables.alerts if alert.kind == "pair_stuck"]
    assert "BTC" in alert.message and "KRW a leg" in alert.message


def test_a_stop_loss_that_a_halt_holds_back_is_critical(town: Town):
    halted(town, Venue.UPBIT)
    town.pass_time(REFRESH_NS // MS)
    town.premium(400)
    town.sweep.run()
    watch(town, STUCK_NS, premium=400)
    assert [severity for _, severity in told(town, "pair_stuck")] == [Severity.CRITICAL]


def test_a_market_that_is_back_is_told_once_and_the_pair_closed(town: Town):
    halted(town, Venue.UPBIT)
    town.pass_time(REFRESH_NS // MS)
    town.premium(60)
    town.sweep.run()
    watch(town, STUCK_NS)
    town.venues[Venue.UPBIT].rules = {RULES[Venue.UPBIT].symbol: RULES[Venue.UPBIT]}
    watch(town, REFRESH_NS)
    assert [severity for _, severity in told(town, "pair_stuck")][-1] is Severity.INFO
    town.premium(0)
    assert town.evaluate_now() == 1


def test_books_that_are_gone_for_a_moment_are_not_told(town: Town):
    town.pass_time(STUCK_NS // MS - 1)
    town.sweep.run()
    town.premium(60)
    town.sweep.run()
    town.pass_time(STUCK_NS // MS - 1)
    town.sweep.run()
    assert told(town, "pair_stuck") == []


def raised(town: Town, venue: Venue, **changes: Decimal) -> None:
    """Have a venue take larger orders only, from its next reading on."""
    rule = replace(RULES[venue], **changes)
    town.venues[venue].rules = {rule.symbol: rule}
    town.pass_time(REFRESH_NS // MS)


RAISED = [
    (Venue.UPBIT, {"notional_min": Decimal(2_000_000)}),
    (Venue.BINANCE, {"notional_min": Decimal(2_000)}),
    (Venue.BINANCE, {"lot_step": Decimal(1)}),
    (Venue.UPBIT, {"quantity_min": Decimal(1)}),
]


@pytest.mark.parametrize(("venue", "changes"), RAISED)
def test_a_pair_below_a_minimum_that_was_raised_stays_open_and_is_named_with_its_worth(
    town: Town, venue: Venue, changes: dict[str, Decimal]
):
    raised(town, venue, **changes)
    town.premium(0)
    for _ in range(3):
        assert town.evaluate_now() == 0
        settled(town)
    assert state(town) is TradeState.OPEN
    assert town.counters.counts["exit_waits", "below_minimum"] >= 1
    town.sweep.run()
    watch(town, STUCK_NS, premium=0)
    (alert, *_) = [alert for _, alert in town.tables.alerts if alert.kind == "pair_stuck"]
    assert "0.00999 BTC" in alert.message
    assert "its minimum or its lot has grown" in alert.message
    raised(town, venue)
    town.premium(0)
    assert town.evaluate_now() == 1
    settled(town)
    assert state(town) is TradeState.CLOSED


def test_of_a_pair_whose_lot_has_grown_what_can_be_closed_is_and_the_rest_named(town: Town):
    raised(town, Venue.BINANCE, lot_step=Decimal("0.004"), quantity_min=Decimal("0.004"))
    town.premium(0)
    assert town.evaluate_now() == 1
    settled(town)
    assert state(town) is TradeState.OPEN
    town.sweep.run()
    watch(town, STUCK_NS, premium=0)
    (alert, *_) = [alert for _, alert in town.tables.alerts if alert.kind == "pair_stuck"]
    assert "0.00199 BTC" in alert.message


def test_a_leg_alone_that_no_venue_takes_any_more_is_handed_over_with_its_worth():
    town = Town()
    town.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    town.premium(60)
    assert town.evaluate_now() == 1
    town.run_one()
    town.run_one()
    raised(town, Venue.UPBIT, notional_min=Decimal(2_000_000))
    raised(town, Venue.BINANCE, notional_min=Decimal(2_000))
    for _ in range(60):
        town.premium(60)
        town.sweep.run()
        town.collect()
        settled(town)
        town.pass_time(2_000)
    assert state(town) is TradeState.HANDED_OVER
    (alert, *_) = [alert for _, alert in town.tables.alerts if alert.kind == "trade_handed_over"]
    assert "0.00999 BTC left over" in alert.message
