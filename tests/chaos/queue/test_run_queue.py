"""The scenarios of `arb chaos queue` that need whole stacks, small, by the command. `make chaos`"""

import subprocess
import sys

import pytest

from arb.chaos.queue.run_queue import DEAF, FROZEN, NAMES, VENUES
from arb.stack.home import CHECKOUT
from tests.cli.documents import documents

pytestmark = [pytest.mark.stack, pytest.mark.timeout(700)]
ARB = (sys.executable, "-c", "from arb.cli.main import main; main()", "chaos", "queue", "--json", "--quick")


def chaos(*only: str) -> tuple[int, list[dict[str, object]], str]:
    """Run scenarios; return the exit code, their lines, and what was said besides."""
    options = [part for name in only for part in ("--only", name)]
    ran = subprocess.run((*ARB, *options), cwd=CHECKOUT, capture_output=True, text=True, timeout=680)
    return ran.returncode, documents(ran.stdout), ran.stderr


@pytest.mark.parametrize("names", [(FROZEN, DEAF), (VENUES,)], ids=["workers", "venues"])
def test_the_scenarios_on_a_whole_stack_pass(names):
    code, lines, said = chaos(*names)
    print(*(line["detail"] for line in lines), sep="\n")
    assert [line["name"] for line in lines] == list(names), said
    assert [line["passed"] for line in lines] == [True] * len(names), lines
    assert code == 0


def test_a_scenario_that_there_is_not_is_one_line_and_a_status():
    code, lines, said = chaos("none")
    assert (code, lines) == (2, [])
    assert said.startswith("arb: --only: no scenario none; there are ") and NAMES[0] in said
