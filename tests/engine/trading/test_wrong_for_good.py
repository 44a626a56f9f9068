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
from tests.engine.town import BTC, RULES, SESSION, Town


def refusing(town: Town, venue: Venue, error: Exception) -> list[Any]:
    """Have a venue refuse every order with this error; return those that it was sent."""
    sent: list[Any] = []

    def place(order: Any) -> Any:
        sent.append(order)
        raise error

    town.venues[venue].place = place
    return sent


def settled(town: Town) -> None:
    while town.pending and town.pending[0][0] <= town.clock.now_ns():
        town.run_one()


def try_to_open(town: Town) -> int:
    town.pass_time(GAP_NS // NS_PER_MS)
    town.premium(60)
    opened = town.evaluate_now()
    settled(town)
    return opened


def told(town: Town, kind: str) -> list[tuple[str, Severity]]:
    return [(alert.subject, alert.severity) for _, alert in town.tables.alerts if alert.kind == kind]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_market_that_the_account_may_not_trade_in_is_tried_once(venue: Venue):
    town = Town()
    sent = refusing(town, venue, MarketBarred(venue, "not permitted for this account", "-2010"))
    assert try_to_open(town) == 1
    for _ in range(10):
        assert try_to_open(town) == 0
    assert len(sent) == 1
    assert told(town, "market_barred") == [(f"{RULES[venue].symbol} on {venue}", Severity.CRITICAL)]
    assert town.sessions.get(SESSION).mode is Mode.NORMAL
    assert all(
        trade.state in (TradeState.CLOSED, TradeState.ABORTED) for trade in town.tables.trades.values()
    )
    assert town.counters.counts["refused_looks", f"not_tradable_{venue}"] >= 10
    assert town.counters.counts["refused", f"not_tradable_{venue}"] == 1


def test_a_barred_market_is_tried_again_a_day_later():
    town = Town()
    refusing(town, Venue.BINANCE, MarketBarred(Venue.BINANCE, "not permitted", "-2010"))
    assert try_to_open(town) == 1
    del town.venues[Venue.BINANCE].place
    town.pass_time(BARRED_NS // NS_PER_MS)
    town.pass_time(REFRESH_NS // NS_PER_MS)
    assert try_to_open(town) == 1


def test_what_was_barred_is_barred_for_a_process_that_starts():
    town = Town()
    sent = refusing(town, Venue.BINANCE, MarketBarred(Venue.BINANCE, "not permitted", "-2010"))
    assert try_to_open(town) == 1
    town._wire_engine()
    assert try_to_open(town) == 0
    assert len(sent) == 1


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_an_account_or_a_key_that_is_refused_halts_and_says_what_to_do(venue: Venue):
    town = Town()
    sent = refusing(town, venue, Fatal(venue, "-2010 This action is disabled on this account."))
    try_to_open(town)
    entries = len(sent)
    for _ in range(5):
        assert try_to_open(town) == 0
    assert town.sessions.get(SESSION).mode is Mode.HALTED
    assert told(town, "venue_fatal")[0] == (venue, Severity.CRITICAL)
    (alert, *_) = [alert for _, alert in town.tables.alerts if alert.kind == "venue_fatal"]
    assert "disabled on this account" in alert.message
    assert "arb mode normal" in alert.message
    assert entries == 1 or all(order.purpose.value != "entry" for order in sent[1:])


def test_a_question_that_is_refused_for_good_halts_too():
    town = Town()
    venue = town.venues[Venue.BINANCE]
    venue.troubles.extend(["reply_lost"])
    try_to_open(town)

    def refuse(*_: Any, **__: Any) -> Any:
        raise Fatal(Venue.BINANCE, "451 restricted location")

    venue.resolve = venue.query = refuse
    for _ in range(5):
        town.pass_time(10_000)
        town.sweep.run()
        town.collect()
        settled(town)
    assert town.sessions.get(SESSION).mode is Mode.HALTED
    assert told(town, "venue_fatal")[0] == (Venue.BINANCE, Severity.CRITICAL)
    assert BTC in {trade.coin for trade in town.tables.trades.values()}
