"""The rules for Prometheus, judged by Prometheus' own tool: what wakes somebody, and what does not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
MONITORING = HERE.parents[1] / "config" / "monitoring"
RULES = MONITORING / "alert-rules.yml"
STORIES = HERE / "alert-rules.test.yml"
PROMTOOL = shutil.which("promtool") or shutil.which("promtool", path=str(Path(sys.executable).parent))
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool; .ci/promtool gets it")


def promtool(*arguments):
    return subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=60)


@needs_promtool
def test_the_rules_fire_in_their_stories_and_only_there():
    told = promtool("test", "rules", STORIES)
    assert told.returncode == 0, told.stdout + told.stderr


@needs_promtool
def test_the_stories_tell_apart_a_rule_that_never_fires(tmp_path):
    (tmp_path / "alert-rules.yml").write_text(RULES.read_text().replace("[10m]) > 0", "[10m]) > 1"))
    stories = yaml.safe_load(STORIES.read_text())
    (tmp_path / "stories.yml").write_text(yaml.safe_dump({**stories, "rule_files": ["alert-rules.yml"]}))
    told = promtool("test", "rules", tmp_path / "stories.yml")
    assert told.returncode == 1
    assert "alertname: ArbTradeHandedOver" in told.stdout + told.stderr


@needs_promtool
def test_the_files_of_the_container_are_in_order():
    told = promtool("check", "rules", RULES, *sorted((MONITORING / "prometheus").glob("*.rules.yml")))
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_rule_has_a_story_in_which_it_fires_and_one_in_which_it_does_not():
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    cases = [
        case for story in yaml.safe_load(STORIES.read_text())["tests"] for case in story["alert_rule_test"]
    ]
    fires = {case["alertname"] for case in cases if case.get("exp_alerts")}
    silent = {case["alertname"] for case in cases if not case.get("exp_alerts")}
    assert fires == silent == {rule["alert"] for rule in group["rules"]}
