"""What a process is wired with to give messages up: the rows and the lists of its own group."""

import os
import subprocess
import sys

import pytest
import redis

from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import make_engine
from arb.chaos.queue.broker_sandbox import message

pytestmark = pytest.mark.integration
COLLECT = (
    "from arb.app.dead_letters import dead_letter_use_cases; print(dead_letter_use_cases().collect.run())"
)


def test_a_group_collects_what_its_own_transport_could_not_read(tmp_path, database_url, redis_url):
    with redis.Redis.from_url(redis_url) as client:
        for group in ("btc", "eth"):
            client.lpush(f"mock:{group}:orders.unreadable", message(1, "orders", (group,), task="t.gone"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ARB_")}
    environ |= {"ARB_HOME": str(tmp_path), "ARB_DATABASE_URL": database_url, "ARB_REDIS_URL": redis_url}
    said = subprocess.run(
        [sys.executable, "-c", COLLECT], env=environ | {"ARB_GROUP": "btc"}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert said.stdout.splitlines()[-1] == "1", said.stderr
    engine = make_engine(database_url)
    assert [row["args"] for row in SqlDeadLetters(engine, "mock:btc").listed(10)] == [["btc"]]
    assert SqlDeadLetters(engine, "mock").waiting() == 0
    engine.dispose()
