"""`arb chaos orders` for real, short: the whole stack, the faults, the kills, and the baseline beside it."""

import subprocess
import sys
from collections import Counter

import pytest

from arb.stack.home import CHECKOUT
from tests.cli.documents import documents

pytestmark = [pytest.mark.integration, pytest.mark.stack, pytest.mark.timeout(400)]
ARB = (sys.executable, "-c", "from arb.cli.main import main; main()")


def chaos(*options: str) -> tuple[int, dict[str, object]]:
    """Run it; return its exit code and the one JSON document that it prints."""
    ran = subprocess.run(
        (*ARB, "chaos", "orders", "--json", *options),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=380,
    )
    assert ran.stdout, ran.stderr
    (found,) = documents(ran.stdout)
    return ran.returncode, found


def test_faults_and_kills_lose_and_double_nothing():
    code, found = chaos("--seed", "11", "--trades", "30")
    assert (code, found["verdict"], found["violations"]) == (0, True, [])
    assert found["trades"] >= 30
    assert found["unknowns"] == found["unknowns_resolved"] > 0
    assert not any(found[name] for name in ("duplicates", "lost", "unhedged", "drift"))
    assert Counter(found["kills"]).total() > 0


def test_sending_again_under_a_new_id_doubles_orders_under_the_same_faults():
    code, found = chaos("--seed", "11", "--trades", "60", "--policy", "naive")
    assert code == 1
    assert found["duplicates"] > 0
    assert found["verdict"] is False
