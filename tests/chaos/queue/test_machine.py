"""Little memory and a full disk, as `arb chaos queue` has them. `make chaos`"""

import os

import pytest

from arb.chaos.queue.disk import disk_full
from arb.chaos.queue.memory import little_memory
from arb.chaos.scenario_result import judged

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(400)]


def test_large_tasks_complete_in_chunks_under_the_kernels_limit():
    outcome = judged("little_memory", lambda: little_memory(print))
    print(outcome.detail)
    assert outcome.passed, outcome.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_new_trades_and_corrupts_nothing():
    outcome = judged("disk_full", lambda: disk_full(seed=2, progress=print, full_ms=15_000))
    print(outcome.detail)
    assert outcome.passed, outcome.detail
