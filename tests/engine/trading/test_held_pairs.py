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
from tests.engine.testbed import BTC, RULES, EngineTestbed

MS = NS_PER_MS


def settled(testbed: EngineTestbed) -> None:
    while testbed.pending and testbed.pending[0][0] <= testbed.clock.now_ns():
        testbed.run_one()


@pytest.fixture
def testbed() -> EngineTestbed:
    """A testbed with a pair open."""
    testbed = EngineTestbed()
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    settled(testbed)
    return testbed


def without_list(testbed: EngineTestbed) -> EngineTestbed:
    """The same world in a process whose list has no BTC any more."""
    testbed.coins = ()
    testbed._wire_engine()
    return testbed


def told(testbed: EngineTestbed, kind: str) -> list[tuple[str, Severity]]:
    return [(alert.subject, alert.severity) for _, alert in testbed.tables.alerts if alert.kind == kind]


def state(testbed: EngineTestbed) -> TradeState:
    (trade,) = testbed.tables.trades.values()
    return trade.state


def test_a_coin_off_the_list_is_fed_told_of_and_opens_nothing(testbed: EngineTestbed):
    without_list(testbed).sweep.run()
    assert testbed.registry.held == (BTC,)
    assert told(testbed, "coin_off_list") == [(BTC, Severity.WARNING)]
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert len(testbed.tables.trades) == 1
    assert testbed.counters.counts["refused", "closing_only_upbit"] == 1


def test_a_pair_of_a_coin_off_the_list_is_closed_and_then_it_is_fed_no_more(testbed: EngineTestbed):
    without_list(testbed).sweep.run()
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    settled(testbed)
    assert state(testbed) is TradeState.CLOSED
    testbed.sweep.run()
    assert testbed.registry.held == ()
    assert told(testbed, "coin_off_list") == [(BTC, Severity.WARNING), (BTC, Severity.INFO)]


def test_a_registry_that_is_away_keeps_no_sweep_from_its_work(testbed: EngineTestbed):
    testbed.registry.away = True
    without_list(testbed).sweep.run()
    assert told(testbed, "coin_off_list") == [(BTC, Severity.WARNING)]


def test_a_listed_coin_is_not_held_besides(testbed: EngineTestbed):
    testbed.sweep.run()
    assert testbed.registry.held == ()
    assert told(testbed, "coin_off_list") == []


def gone(testbed: EngineTestbed, venue: Venue) -> None:
    testbed.venues[venue].rules = {}


def halted(testbed: EngineTestbed, venue: Venue) -> None:
    rule = RULES[venue]
    testbed.venues[venue].rules = {rule.symbol: replace(rule, tradable=False)}


def watch(testbed: EngineTestbed, ns: int, premium: int = 60) -> None:
    """Sweep every ten seconds, with fresh quotes."""
    for _ in range(ns // (10_000 * MS)):
        testbed.pass_time(10_000)
        testbed.premium(premium)
        testbed.sweep.run()


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("befall", [gone, halted])
def test_a_pair_whose_market_is_gone_or_halted_is_told_of_again_and_again(
    testbed: EngineTestbed, venue: Venue, befall
):
    befall(testbed, venue)
    testbed.pass_time(REFRESH_NS // MS)
    testbed.premium(60)
    testbed.sweep.run()
    assert told(testbed, "pair_stuck") == []
    watch(testbed, STUCK_NS + 2 * REPEAT_NS)
    subjects = {subject for subject, _ in told(testbed, "pair_stuck")}
    assert subjects == set(testbed.tables.trades)
    assert len(told(testbed, "pair_stuck")) == 3
    severities = [severity for _, severity in told(testbed, "pair_stuck")]
    assert severities[0] is Severity.WARNING
    assert Severity.CRITICAL in severities
    (alert, *_) = [alert for _, alert in testbed.tables.alerts if alert.kind == "pair_stuck"]
    assert "BTC" in alert.message and "KRW a leg" in alert.message


def test_a_stop_loss_that_a_halt_holds_back_is_critical(testbed: EngineTestbed):
    halted(testbed, Venue.UPBIT)
    testbed.pass_time(REFRESH_NS // MS)
    testbed.premium(400)
    testbed.sweep.run()
    watch(testbed, STUCK_NS, premium=400)
    assert [severity for _, severity in told(testbed, "pair_stuck")] == [Severity.CRITICAL]


def test_a_market_that_is_back_is_told_once_and_the_pair_closed(testbed: EngineTestbed):
    halted(testbed, Venue.UPBIT)
    testbed.pass_time(REFRESH_NS // MS)
    testbed.premium(60)
    testbed.sweep.run()
    watch(testbed, STUCK_NS)
    testbed.venues[Venue.UPBIT].rules = {RULES[Venue.UPBIT].symbol: RULES[Venue.UPBIT]}
    watch(testbed, REFRESH_NS)
    assert [severity for _, severity in told(testbed, "pair_stuck")][-1] is Severity.INFO
    testbed.premium(0)
    assert testbed.evaluate_now() == 1


def test_books_that_are_gone_for_a_moment_are_not_told(testbed: EngineTestbed):
    testbed.pass_time(STUCK_NS // MS - 1)
    testbed.sweep.run()
    testbed.premium(60)
    testbed.sweep.run()
    testbed.pass_time(STUCK_NS // MS - 1)
    testbed.sweep.run()
    assert told(testbed, "pair_stuck") == []


def raised(testbed: EngineTestbed, venue: Venue, **changes: Decimal) -> None:
    """Have a venue take larger orders only, from its next reading on."""
    rule = replace(RULES[venue], **changes)
    testbed.venues[venue].rules = {rule.symbol: rule}
    testbed.pass_time(REFRESH_NS // MS)


RAISED = [
    (Venue.UPBIT, {"notional_min": Decimal(2_000_000)}),
    (Venue.BINANCE, {"notional_min": Decimal(2_000)}),
    (Venue.BINANCE, {"lot_step": Decimal(1)}),
    (Venue.UPBIT, {"quantity_min": Decimal(1)}),
]


@pytest.mark.parametrize(("venue", "changes"), RAISED)
def test_a_pair_below_a_minimum_that_was_raised_stays_open_and_is_named_with_its_worth(
    testbed: EngineTestbed, venue: Venue, changes: dict[str, Decimal]
):
    raised(testbed, venue, **changes)
    testbed.premium(0)
    for _ in range(3):
        assert testbed.evaluate_now() == 0
        settled(testbed)
    assert state(testbed) is TradeState.OPEN
    assert testbed.counters.counts["exit_waits", "below_minimum"] >= 1
    testbed.sweep.run()
    watch(testbed, STUCK_NS, premium=0)
    (alert, *_) = [alert for _, alert in testbed.tables.alerts if alert.kind == "pair_stuck"]
    assert "0.00999 BTC" in alert.message
    assert "its minimum or its lot has grown" in alert.message
    raised(testbed, venue)
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    settled(testbed)
    assert state(testbed) is TradeState.CLOSED


def test_of_a_pair_whose_lot_has_grown_what_can_be_closed_is_and_the_rest_named(testbed: EngineTestbed):
    raised(testbed, Venue.BINANCE, lot_step=Decimal("0.004"), quantity_min=Decimal("0.004"))
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    settled(testbed)
    assert state(testbed) is TradeState.OPEN
    testbed.sweep.run()
    watch(testbed, STUCK_NS, premium=0)
    (alert, *_) = [alert for _, alert in testbed.tables.alerts if alert.kind == "pair_stuck"]
    assert "0.00199 BTC" in alert.message


def test_a_leg_alone_that_no_venue_takes_any_more_is_escalated_with_its_worth():
    testbed = EngineTestbed()
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.run_one()
    testbed.run_one()
    raised(testbed, Venue.UPBIT, notional_min=Decimal(2_000_000))
    raised(testbed, Venue.BINANCE, notional_min=Decimal(2_000))
    for _ in range(60):
        testbed.premium(60)
        testbed.sweep.run()
        testbed.collect()
        settled(testbed)
        testbed.pass_time(2_000)
    assert state(testbed) is TradeState.ESCALATED
    (alert, *_) = [alert for _, alert in testbed.tables.alerts if alert.kind == "trade_handed_over"]
    assert "0.00999 BTC left over" in alert.message
