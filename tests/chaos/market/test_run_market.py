"""`arb chaos market` for real, short: one scenario as it is, and one with a fault planted in our books."""

from typing import Any

import pytest

from tests.chaos.command import chaos

pytestmark = [pytest.mark.integration, pytest.mark.stack, pytest.mark.timeout(500)]


def ran(*options: str) -> tuple[int, list[dict[str, Any]]]:
    """Run it; return its exit code and the documents that it prints."""
    code, found, said = chaos("market", *options, timeout_s=480)
    assert found, said
    return code, found


def test_a_coin_that_is_halted_costs_what_is_booked():
    code, [found] = ran("--seed", "7", "--only", "coin_halted")
    assert (code, found["passed"], found["violations"]) == (0, True, [])
    assert found["strikes"]["halted_coin"] > 0
    assert found["pairs_open"] > 0


def test_a_fee_that_is_dropped_from_our_books_fails_it():
    code, [found] = ran("--seed", "7", "--only", "stuck_price", "--plant", "fee")
    assert (code, found["passed"]) == (1, False)
    assert any("our books say" in line for line in found["violations"])
