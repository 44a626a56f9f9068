"""The scenarios of `arb chaos queue` that need whole stacks, small, by the command. `make chaos`"""

from typing import Any

import pytest

from arb.chaos.queue.run_queue import DEAF, FROZEN, NAMES, VENUES
from tests.chaos.command import chaos

pytestmark = [pytest.mark.stack, pytest.mark.timeout(700)]


def only(*names: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run these scenarios, small."""
    options = [part for name in names for part in ("--only", name)]
    return chaos("queue", "--quick", *options, timeout_s=680)


@pytest.mark.parametrize("names", [(FROZEN, DEAF), (VENUES,)], ids=["workers", "venues"])
def test_the_scenarios_on_a_whole_stack_pass(names):
    code, lines, said = only(*names)
    print(*(line["detail"] for line in lines), sep="\n")
    assert [line["name"] for line in lines] == list(names), said
    assert [line["passed"] for line in lines] == [True] * len(names), lines
    assert code == 0


def test_a_scenario_that_there_is_not_is_one_line_and_a_status():
    code, lines, said = only("none")
    assert (code, lines) == (2, [])
    assert said.startswith("arb: --only: no scenario none; there are ") and NAMES[0] in said
