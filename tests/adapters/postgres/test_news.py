"""What the rows say that a person is told: trades, rules, a day with its fees, inventory and incidents."""

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, update

from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.messages import SqlMessages
from arb.adapters.postgres.news import SqlNews
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.tables import trades
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.health.alert import Alert, Severity
from arb.domain.market.ids import SessionId, Venue
from arb.domain.state.generation import Generation
from arb.domain.time import NS_PER_DAY, day_of
from tests.contracts import world

pytestmark = pytest.mark.integration
UTC = ZoneInfo("UTC")
NOW_NS = world.NOW_NS
DAY = day_of(NOW_NS, UTC)


@pytest.fixture
def traded(database: Engine) -> SessionId:
    """A session with one trade that has closed, both legs of it filled."""
    made, store = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, NOW_NS)
    opening = world.opening(made.session_id, now_ns=NOW_NS)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    for venue in (Venue.UPBIT, Venue.BINANCE):
        order = opening.on(venue)
        assert store.claim(order.client_order_id, NOW_NS)
        store.record(world.filled(order), NOW_NS)
    ended = {
        "state": "closed",
        "closed_at_ns": NOW_NS + 5,
        "pnl_krw": Decimal("-12.5"),
        "reason": "stop_loss",
    }
    with database.begin() as connection:
        connection.execute(
            update(trades)
            .where(trades.c.session_id == made.session_id)
            .values(**ended, valued_krw_per_usdt=Decimal(1400))
        )
    return made.session_id


def test_a_trade_that_closed_is_news_until_it_is_a_message(database, traded):
    news = SqlNews(database)
    [message] = news.closed(traded, NOW_NS, 10)
    assert message.facts["pnl_krw"] == "-12.5"
    assert message.facts["reason"] == "stop loss"
    assert Decimal(message.facts["fees_amount_krw"]) > 0
    assert message.key == message.facts["trade_id"]
    assert news.closed(traded, NOW_NS + 6, 10) == ()
    SqlMessages(database).add(traded, [message])
    assert news.closed(traded, NOW_NS, 10) == ()


def test_a_trade_that_is_open_or_escalated_has_not_closed(database, traded):
    with database.begin() as connection:
        connection.execute(update(trades).where(trades.c.session_id == traded).values(state="handed_over"))
    assert SqlNews(database).closed(traded, NOW_NS, 10) == ()


def test_new_rules_say_what_changed_and_the_first_ones_are_none(database, traded):
    sessions = SqlSessionStore(database)
    first = Generation(
        session_id=traded, number=1, settings={"risk": {"trades_open_max": 3}}, frozen_at_ns=NOW_NS, why="new"
    )
    sessions.begin_generation(first)
    assert SqlNews(database).rules(traded, 0) == ()
    sessions.begin_generation(
        replace(
            first, number=2, settings={"risk": {"trades_open_max": 5}}, frozen_at_ns=NOW_NS + 9, why="by hand"
        )
    )
    [message] = SqlNews(database).rules(traded, NOW_NS + 9)
    assert (message.key, message.facts["changes"]) == ("2", "risk.trades_open_max: 3 -> 5")
    assert SqlNews(database).rules(traded, NOW_NS + 10) == ()


def test_a_day_has_profit_fees_inventory_and_what_was_alarmed(database, traded):
    store = SqlAlertStore(database)
    for kind, severity in (("exit_held", "critical"), ("exit_held", "critical"), ("coin_unlisted", "warning"),
                           ("over", "info")):  # fmt: skip
        alert = Alert(kind=kind, subject="x", severity=Severity(severity), message="m", at_ns=NOW_NS)
        store.add(traded, alert)
    store.add(
        None, Alert(kind="of_another", subject="x", severity=Severity.CRITICAL, message="", at_ns=NOW_NS)
    )
    message = SqlNews(database).day(traded, DAY, UTC)
    assert message is not None
    facts = message.facts
    assert (facts["trades"], facts["won"], facts["lost"], facts["pnl_krw"]) == ("1", "0", "1", "-12.5")
    assert Decimal(facts["fees_amount_krw"]) > 0
    assert "KRW" in facts["fees"]
    assert facts["incidents"] == "2 critical, 1 warning (exit_held 2, coin_unlisted 1)"
    assert facts["inventory"].startswith("binance ")
    assert "; upbit " in facts["inventory"]


def test_a_day_on_which_nothing_ran_is_none(database, traded):
    before = day_of(NOW_NS - 3 * NS_PER_DAY, UTC)
    assert SqlNews(database).day(traded, before, UTC) is None
