"""Metrics say their unit; dashboards and rules name nothing that is not there."""

import json
import re
from pathlib import Path

import pytest
import yaml

from arb.web.catalogue import BY_NAME, METRICS

MONITORING = Path(__file__).resolve().parents[2] / "config" / "monitoring"
UNITS = ("_seconds", "_bytes", "_bps", "_krw", "_ratio", "_total")
COUNTS = {
    "arb_source_up", "arb_krw_per_usdt", "arb_mode", "arb_killed", "arb_trades_open", "arb_trades_unhedged",
    "arb_orders_working", "arb_queue_depth", "arb_process_up", "arb_dead_letters", "arb_degradation_degree",
}  # fmt: skip


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_name_says_its_unit_and_every_metric_has_help(metric):
    assert metric.name.endswith(UNITS) or metric.name in COUNTS
    assert metric.help


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
