"""Nothing is lost by kill -9 on our transport; what stock settings lose is printed beside it.

Longer: ARB_WORKER_KILLS=100 ARB_REDIS_KILLS=30 ARB_SEED=7 pytest -s tests/chaos/test_transport_loss.py
"""

import os

import pytest

from tests.chaos.transport_loss import compare


@pytest.mark.integration
@pytest.mark.timeout(3_600)
def test_no_task_is_lost_and_no_worker_ends_or_falls_asleep():
    outcomes = compare(
        worker_kills=int(os.environ.get("ARB_WORKER_KILLS", "25")),
        redis_kills=int(os.environ.get("ARB_REDIS_KILLS", "8")),
        seed=int(os.environ.get("ARB_SEED", "1")),
    )
    ours = [outcome for outcome in outcomes if outcome.kind == "ours"]
    assert [(each.fault, each.lost, each.stuck, each.exited, each.asleep) for each in ours] == [
        (each.fault, 0, 0, 0, 0) for each in ours
    ]
