"""What a scenario in a process of its own tells is read back."""

import json

from arb.chaos.scenario_result import ScenarioResult
from arb.cli.output import rendered


def test_what_the_command_prints_of_a_scenario_is_read_by_who_started_it():
    result = ScenarioResult(name="redis_stopped", passed=True, recovery_s=0.35, detail="15 s")
    printed = rendered(result.as_json(), "arb.chaos.queue", indent=None)
    assert ScenarioResult.of_json(json.loads(printed)) == result
