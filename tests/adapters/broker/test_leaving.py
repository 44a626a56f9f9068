"""A pool that nobody closed does not hold a process up, also when its server is away."""

import subprocess
import sys
import time

LEAVE = """
from psycopg_pool import ConnectionPool
from arb.adapters.broker.pgmq_transport import close_pools_at_exit
pools = [ConnectionPool("host=127.0.0.1 port=1 connect_timeout=1", min_size=1, open=True) for _ in range(2)]
close_pools_at_exit()
"""


def test_process_with_pools_that_are_open_ends_at_once() -> None:
    began = time.monotonic()
    left = subprocess.run([sys.executable, "-c", LEAVE], capture_output=True, text=True, timeout=60)
    assert left.returncode == 0, left.stderr
    assert time.monotonic() - began < 15  # 5 s for each of eight threads otherwise, from Python 3.13 on
