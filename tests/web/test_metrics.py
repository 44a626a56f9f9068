"""What each source of a stack tells Prometheus, and to whom."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.trade import TradeState
from arb.stack.home import Home
from arb.web.metrics import StackMetrics
from config.settings import load
from tests.engine.testbed import SESSION, EngineTestbed
from tests.web.server import serving
from tests.web.test_scrape import scraped


def processes_of(home):
    """Return what is scraped of a home's processes."""
    settings = load("mock", {"ARB_HOME": str(home.path), "ARB_REDIS_URL": "redis://127.0.0.1:1/0"})
    sources = StackMetrics(lambda: SimpleNamespace(settings=settings), home, lambda: None).sources()
    return scraped(**{name: source for name, source in sources.items() if name == "processes"})


def test_where_nothing_supervises_there_is_no_source_that_could_be_away(tmp_path):
    assert "arb_source_up{" not in processes_of(Home(tmp_path))


def test_a_stack_whose_supervisor_died_has_one_that_is_away(tmp_path):
    home = Home(tmp_path)
    home.create()
    home.write_settings({"mode": "mock"})
    assert 'arb_source_up{source="processes"} 0.0' in processes_of(home)
    home.forget_stack()
    assert "arb_source_up{" not in processes_of(home)


def test_the_scraper_needs_its_token():
    with serving() as served:
        stranger = served.browser()
        assert stranger.get("/metrics").status == 401
        assert stranger.get("/metrics", Authorization="Bearer wrong").status == 401
        answer = stranger.get("/metrics", Authorization="Bearer scraper")
        assert (answer.status, answer.data) == (200, b"arb_up 1\n")
        stranger.log_in()
        assert stranger.get("/metrics").status == 200


def test_a_leg_that_stands_alone_ages_whatever_its_trade_waits_for(tmp_path):
    """One whose other order cannot be followed is under no repair; one that was repaired is even."""
    testbed = EngineTestbed()
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.WAIT)
    testbed.venues[Venue.UPBIT].mute = True
    testbed.premium(60)
    testbed.evaluate_now()
    for _ in range(2):
        testbed.run_one(0)
    testbed.pass_time(61_000)
    settings = load("mock", {"ARB_HOME": str(tmp_path), "ARB_REDIS_URL": "redis://nobody"})
    engine = SimpleNamespace(
        trades=testbed.trades, session_id=SESSION, clock=testbed.clock, settings=settings
    )
    metrics = StackMetrics(lambda: engine, Home(tmp_path), lambda: None)
    found = {name: value for name, _, value in metrics.trades()}
    assert (found["arb_trades_unhedged"], found["arb_unhedged_age_seconds"]) == (1, pytest.approx(61, abs=1))
    (trade,) = testbed.tables.trades.values()
    for at_rest in (TradeState.OPEN, TradeState.CLOSED):
        trade = testbed.trades.add_orders(replace(trade, state=at_rest), ())
        assert ("arb_unhedged_age_seconds", (), 0) in list(metrics.trades())
