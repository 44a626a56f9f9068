"""Everything killed at once, Redis wiped, PostgreSQL away, on stacks that trade. `make chaos`"""

import subprocess
import sys

import pytest

from arb.chaos.state.run_state import LOSSES
from arb.stack.home import CHECKOUT
from tests.cli.documents import documents

ARB = (sys.executable, "-c", "from arb.cli.main import main; main()", "chaos", "state", "--json")


@pytest.mark.stack
@pytest.mark.timeout(1_200)
def test_nothing_is_lost_whatever_is_killed_also_by_a_group_beside_another_one():
    ran = subprocess.run((*ARB, "--rounds", "3"), cwd=CHECKOUT, capture_output=True, text=True, timeout=1_180)
    lines = documents(ran.stdout)
    print(*(f"{line['name']}: {line['detail']}" for line in lines), sep="\n")
    assert {"kill_9_of_everything", *LOSSES} < {line["name"] for line in lines}, ran.stderr[-2_000:]
    assert [line for line in lines if not line["passed"]] == []
    assert ran.returncode == 0
