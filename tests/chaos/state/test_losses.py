"""Everything killed at once, Redis wiped, PostgreSQL away, on stacks that trade. `make chaos`"""

import pytest

from arb.chaos.state.run_state import LOSSES
from tests.chaos.command import chaos


@pytest.mark.stack
@pytest.mark.timeout(1_200)
def test_nothing_is_lost_whatever_is_killed_also_by_a_group_beside_another_one():
    code, lines, said = chaos("state", "--rounds", "3", timeout_s=1_180)
    print(*(f"{line['name']}: {line['detail']}" for line in lines), sep="\n")
    assert {"kill_9_of_everything", *LOSSES} < {line["name"] for line in lines}, said[-2_000:]
    assert [line for line in lines if not line["passed"]] == []
    assert code == 0
