"""`arb chaos market` for real, short: one scenario as it is, and one with a fault planted in our books."""

import subprocess
import sys

import pytest

from arb.stack.home import CHECKOUT
from tests.cli.documents import documents

pytestmark = [pytest.mark.integration, pytest.mark.stack, pytest.mark.timeout(500)]
ARB = (sys.executable, "-c", "from arb.cli.main import main; main()")


def chaos(*options: str) -> tuple[int, list[dict[str, object]]]:
    """Run it; return its exit code and the documents that it prints."""
    ran = subprocess.run(
        (*ARB, "chaos", "market", "--json", *options),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert ran.stdout, ran.stderr
    return ran.returncode, documents(ran.stdout)


def test_a_coin_that_is_halted_costs_what_is_booked():
    code, [found] = chaos("--seed", "7", "--only", "coin_halted")
    assert (code, found["passed"], found["violations"]) == (0, True, [])
    assert found["strikes"]["halted_coin"] > 0
    assert found["pairs_open"] > 0


def test_a_fee_that_is_dropped_from_our_books_fails_it():
    code, [found] = chaos("--seed", "7", "--only", "stuck_price", "--plant", "fee")
    assert (code, found["passed"]) == (1, False)
    assert any("our books say" in line for line in found["violations"])
