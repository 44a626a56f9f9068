"""What Prometheus gets; and that dashboards and rules name nothing that is not there."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.memory_venue import Trouble
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.trading.trade import TradeState
from arb.stack.home import Home
from arb.web.catalogue import BY_NAME, METRICS
from arb.web.metrics import StackMetrics
from arb.web.scrape import Exporter
from config.settings import load
from tests.engine.town import SESSION, Town
from tests.web.server import serving

MONITORING = Path(__file__).resolve().parents[2] / "config" / "monitoring"
UNITS = ("_seconds", "_bytes", "_bps", "_krw", "_ratio", "_total")
COUNTS = {
    "arb_source_up", "arb_krw_per_usdt", "arb_mode", "arb_killed", "arb_trades_open", "arb_trades_unhedged",
    "arb_orders_working", "arb_queue_depth", "arb_process_up", "arb_dead_letters", "arb_degradation_degree",
}  # fmt: skip


def scraped(**sources):
    return Exporter(sources, ManualClock()).text().decode()


def test_a_sample_has_its_labels_and_its_help():
    text = scraped(quotes=lambda: [("arb_premium_bps", ("BTC",), 12.5)])
    assert 'arb_premium_bps{coin="BTC"} 12.5' in text
    assert "# HELP arb_premium_bps Upbit above Binance" in text
    assert 'arb_source_up{source="quotes"} 1.0' in text


def test_a_counter_keeps_its_name():
    text = scraped(orders=lambda: [("arb_orders_total", ("upbit", "filled"), 3)])
    assert 'arb_orders_total{state="filled",venue="upbit"} 3.0' in text or (
        'arb_orders_total{venue="upbit",state="filled"} 3.0' in text
    )


def test_a_source_that_is_away_is_named_and_the_others_are_there():
    def away():
        yield "arb_trades_open", (), 4
        raise StoreUnavailable("gone")

    text = scraped(trades=away, broker=lambda: [("arb_queue_depth", ("orders", "redis"), 0)])
    assert 'arb_source_up{source="trades"} 0.0' in text
    assert 'arb_source_up{source="broker"} 1.0' in text
    assert "arb_queue_depth{" in text


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


def test_scrapes_close_together_read_once():
    reads = []
    clock = ManualClock()
    exporter = Exporter({"trades": lambda: reads.append(1) or []}, clock)
    exporter.text()
    exporter.text()
    assert len(reads) == 1
    clock.advance_ms(2_001)
    exporter.text()
    assert len(reads) == 2


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_name_says_its_unit_and_every_metric_has_help(metric):
    assert metric.name.endswith(UNITS) or metric.name in COUNTS
    assert metric.help


def test_the_scraper_needs_its_token():
    with serving() as served:
        stranger = served.browser()
        assert stranger.get("/metrics").status == 401
        assert stranger.get("/metrics", Authorization="Bearer wrong").status == 401
        answer = stranger.get("/metrics", Authorization="Bearer scraper")
        assert (answer.status, answer.data) == (200, b"arb_up 1\n")
        stranger.log_in()
        assert stranger.get("/metrics").status == 200


def named_in(expressions):
    return {name for text in expressions for name in re.findall(r"\barb_[a-z_]+\b", text)}


def test_the_dashboard_shows_only_what_is_exported():
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    shown = named_in(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    assert shown <= set(BY_NAME)
    assert len(shown) > 15


def test_the_rules_watch_only_what_is_exported():
    (group,) = yaml.safe_load((MONITORING / "alert-rules.yml").read_text())["groups"]
    watched = named_in(rule["expr"] for rule in group["rules"])
    assert watched <= set(BY_NAME)
    assert all({"summary", "action"} <= set(rule["annotations"]) for rule in group["rules"])
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"])


def test_a_leg_that_stands_alone_ages_whatever_its_trade_waits_for(tmp_path):
    """One whose other order cannot be followed is under no repair; one that was repaired is even."""
    town = Town()
    town.venues[Venue.UPBIT].troubles.append(Trouble.WAIT)
    town.venues[Venue.UPBIT].mute = True
    town.premium(60)
    town.evaluate_now()
    for _ in range(2):
        town.run_one(0)
    town.pass_time(61_000)
    settings = load("mock", {"ARB_HOME": str(tmp_path), "ARB_REDIS_URL": "redis://nobody"})
    engine = SimpleNamespace(trades=town.trades, session_id=SESSION, clock=town.clock, settings=settings)
    metrics = StackMetrics(lambda: engine, Home(tmp_path), lambda: None)
    found = {name: value for name, _, value in metrics.trades()}
    assert (found["arb_trades_unhedged"], found["arb_unhedged_age_seconds"]) == (1, pytest.approx(61, abs=1))
    (trade,) = town.tables.trades.values()
    for at_rest in (TradeState.OPEN, TradeState.CLOSED):
        trade = town.trades.add_orders(replace(trade, state=at_rest), ())
        assert ("arb_unhedged_age_seconds", (), 0) in list(metrics.trades())
