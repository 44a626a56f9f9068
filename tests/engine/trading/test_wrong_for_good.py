"""What no later order fares better with: it stops what it concerns at once, a market or the session."""

from typing import Any

import pytest

from arb.domain.errors import Fatal, MarketBarred
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.domain.trading.trade import TradeState
from arb.engine.market.bars import BARRED_NS
from arb.engine.market.rules import GAP_NS, REFRESH_NS
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, RULES, SESSION, EngineTestbed


def refusing(testbed: EngineTestbed, venue: Venue, error: Exception) -> list[Any]:
    """Have a venue refuse every order with this error; return those that it was sent."""
    sent: list[Any] = []

    def place(order: Any) -> Any:
        sent.append(order)
        raise error

    testbed.venues[venue].place = place
    return sent


def settled(testbed: EngineTestbed) -> None:
    while testbed.pending and testbed.pending[0][0] <= testbed.clock.now_ns():
        testbed.run_one()


def try_to_open(testbed: EngineTestbed) -> int:
    testbed.pass_time(GAP_NS // NS_PER_MS)
    testbed.premium(60)
    opened = testbed.evaluate_now()
    settled(testbed)
    return opened


def told(testbed: EngineTestbed, kind: str) -> list[tuple[str, Severity]]:
    return [(alert.subject, alert.severity) for _, alert in testbed.tables.alerts if alert.kind == kind]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_market_that_the_account_may_not_trade_in_is_tried_once(venue: Venue):
    testbed = EngineTestbed()
    sent = refusing(testbed, venue, MarketBarred(venue, "not permitted for this account", "-2010"))
    assert try_to_open(testbed) == 1
    for _ in range(10):
        assert try_to_open(testbed) == 0
    assert len(sent) == 1
    assert told(testbed, "market_barred") == [(f"{RULES[venue].symbol} on {venue}", Severity.CRITICAL)]
    assert testbed.sessions.get(SESSION).mode is Mode.NORMAL
    assert all(
        trade.state in (TradeState.CLOSED, TradeState.ABORTED) for trade in testbed.tables.trades.values()
    )
    assert testbed.counters.counts["refused_looks", f"not_tradable_{venue}"] >= 10
    assert testbed.counters.counts["refused", f"not_tradable_{venue}"] == 1


def test_a_barred_market_is_tried_again_a_day_later():
    testbed = EngineTestbed()
    refusing(testbed, Venue.BINANCE, MarketBarred(Venue.BINANCE, "not permitted", "-2010"))
    assert try_to_open(testbed) == 1
    del testbed.venues[Venue.BINANCE].place
    testbed.pass_time(BARRED_NS // NS_PER_MS)
    testbed.pass_time(REFRESH_NS // NS_PER_MS)
    assert try_to_open(testbed) == 1


def test_what_was_barred_is_barred_for_a_process_that_starts():
    testbed = EngineTestbed()
    sent = refusing(testbed, Venue.BINANCE, MarketBarred(Venue.BINANCE, "not permitted", "-2010"))
    assert try_to_open(testbed) == 1
    testbed._wire_engine()
    assert try_to_open(testbed) == 0
    assert len(sent) == 1


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_an_account_or_a_key_that_is_refused_halts_and_says_what_to_do(venue: Venue):
    testbed = EngineTestbed()
    sent = refusing(testbed, venue, Fatal(venue, "-2010 This action is disabled on this account."))
    try_to_open(testbed)
    entries = len(sent)
    for _ in range(5):
        assert try_to_open(testbed) == 0
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    assert told(testbed, "venue_fatal")[0] == (venue, Severity.CRITICAL)
    (alert, *_) = [alert for _, alert in testbed.tables.alerts if alert.kind == "venue_fatal"]
    assert "disabled on this account" in alert.message
    assert "arb mode normal" in alert.message
    assert entries == 1 or all(order.purpose.value != "entry" for order in sent[1:])


def test_a_question_that_is_refused_for_good_halts_too():
    testbed = EngineTestbed()
    venue = testbed.venues[Venue.BINANCE]
    venue.troubles.extend(["reply_lost"])
    try_to_open(testbed)

    def refuse(*_: Any, **__: Any) -> Any:
        raise Fatal(Venue.BINANCE, "451 restricted location")

    venue.resolve = venue.query = refuse
    for _ in range(5):
        testbed.pass_time(10_000)
        testbed.sweep.run()
        testbed.collect()
        settled(testbed)
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    assert told(testbed, "venue_fatal")[0] == (Venue.BINANCE, Severity.CRITICAL)
    assert BTC in {trade.coin for trade in testbed.tables.trades.values()}
