"""The table of alerts: what code raises, what the docs say and what wakes somebody all go by it."""

import re
from pathlib import Path

import pytest
import yaml

from arb.domain.health import alert_kinds
from arb.domain.health.alert import WATCHDOG, AlertKind, Severity
from arb.domain.health.alert_kinds import KINDS, AlertLog
from config.settings import load

ROOT = Path(__file__).parents[3]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
RULES = sorted((ROOT / "config" / "monitoring").rglob("*rules.yml"))
COMMAND = re.compile(r"`arb ((?:[a-z]+ ?)+)")


def test_the_page_is_drawn_from_the_table():
    page = ROOT / "docs" / "alerts.md"
    assert page.read_text(encoding="utf-8") == alert_kinds.page(), (
        "run: python -m arb.domain.health.alert_kinds > docs/alerts.md"
    )


def test_every_kind_has_a_row():
    assert set(KINDS) == set(AlertKind)


def test_the_watchdogs_kinds_are_its_rules():
    settings = load("mock", {"ARB_HOME": "/nowhere"})
    rules = {**settings.watchdog.rules(), **settings.sys_monitor.rules()}
    named = {kind for kind in AlertKind if kind.startswith(WATCHDOG)}
    assert named == {f"{WATCHDOG}{rule}" for rule in rules}
    assert {kind for kind, row in KINDS.items() if row.log is AlertLog.WATCHDOG} == named


@pytest.mark.parametrize("kind", list(AlertKind))
def test_what_a_row_says_to_type_is_a_command(kind):
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for found in COMMAND.findall(KINDS[kind].look + KINDS[kind].do):
        command, _, argument = found.strip().rpartition(" ")
        is_argument = f"# `arb {command}`\n" in commands and f"# `arb {command} " not in commands
        assert f"# `arb {found.strip()}`\n" in commands or is_argument, (command, argument)


def test_rules_for_prometheus_name_kinds_and_are_no_worse_than_these():
    named = [
        (AlertKind(rule["annotations"]["kind"]), Severity(rule["labels"]["severity"]))
        for path in RULES
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "kind" in rule["annotations"]
    ]
    ranks = list(Severity)
    assert AlertKind.TRADE_ESCALATED in dict(named)
    for kind, severity in named:
        assert ranks.index(severity) <= ranks.index(KINDS[kind].worst), kind


def test_a_page_that_names_an_alert_names_one_that_there_is():
    """Where a page says "the alert `x`", x is a kind."""
    named = {
        (path.name, name)
        for path in DOCS
        for name in re.findall(r"alert `([a-z_]+)`", path.read_text(encoding="utf-8"))
    }
    assert ("operations.md", "stack_waits") in named
    logged = {"alert_undelivered"}
    assert {name for _, name in named} - set(AlertKind) - logged == set()
