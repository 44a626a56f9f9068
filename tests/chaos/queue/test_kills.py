"""Nothing is lost by kill -9 on our transport; what stock settings lose is printed beside it.

Longer: `arb chaos queue --only kill_9_of_busy_workers --only kill_9_of_redis`.
"""

from functools import partial

import pytest

from arb.chaos.queue.kills import beside_stock, kill_redis, kill_workers

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.mark.parametrize(("kill", "kills"), [(kill_workers, 20), (kill_redis, 6)])
def test_no_task_is_lost_and_no_worker_ends_or_falls_asleep(servers, kill, kills):
    _, detail = beside_stock(partial(kill, servers, kills=kills, seed=1))
    print(detail)
