"""`arb chaos orders` for real, short: the whole stack, the faults, the kills, and the baseline beside it."""

from collections import Counter
from typing import Any

import pytest

from tests.chaos.command import chaos

pytestmark = [pytest.mark.integration, pytest.mark.stack, pytest.mark.timeout(400)]


def ran(*options: str) -> tuple[int, dict[str, Any]]:
    """Run it; return its exit code and the one document that it prints."""
    code, found, said = chaos("orders", *options, timeout_s=380)
    assert len(found) == 1, said
    return code, found[0]


def test_faults_and_kills_lose_and_double_nothing():
    code, found = ran("--seed", "11", "--trades", "30")
    assert (code, found["verdict"], found["violations"]) == (0, True, [])
    assert found["trades"] >= 30
    assert found["unknowns"] == found["unknowns_resolved"] > 0
    assert not any(found[name] for name in ("duplicates", "lost", "unhedged", "drift"))
    assert Counter(found["kills"]).total() > 0


def test_sending_again_under_a_new_id_doubles_orders_under_the_same_faults():
    code, found = ran("--seed", "11", "--trades", "60", "--policy", "naive")
    assert code == 1
    assert found["duplicates"] > 0
    assert found["verdict"] is False
