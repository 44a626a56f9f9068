"""Tasks through containers: the primary broker, its restart, and the fallback when it is away or full."""

import re
from typing import Any

import pytest
from pytest_celery import CeleryTestSetup, CeleryTestWorker
from pytest_docker_tools.utils import wait_for_callable

TAKEN = "SELECT count(*) FROM session_snapshots"


def call_snapshot(client: Any) -> str:
    """Type `celery -A arb call arb.snapshot`; return the task's id."""
    said = client.exec_run(["celery", "-A", "arb", "call", "arb.snapshot"], stderr=False)
    assert said.exit_code == 0, said.output.decode()
    return str(said.output.decode().strip().splitlines()[-1])


def succeeds(node: CeleryTestWorker, task_id: str) -> None:
    node.assert_log_exists(f"Task arb.snapshot[{task_id}] succeeded", timeout=90)


def test_snapshot_by_hand_is_a_row(celery_setup: CeleryTestSetup, client: Any, postgres: Any) -> None:
    before = int(postgres.query(TAKEN))
    succeeds(celery_setup.worker, call_snapshot(client))
    assert int(postgres.query(TAKEN)) == before + 1


def test_beat_starts_what_is_due(celery_setup: CeleryTestSetup, beat_container: Any) -> None:
    ended = re.compile(r"Task arb\.check_stores\[.*\] succeeded")  # every 30 s; the others are not logged
    wait_for_callable("waiting for a look", lambda: ended.search(celery_setup.worker.logs()), timeout=90)
    assert beat_container.status == "running"


def test_task_is_retried_while_postgresql_is_away(
    celery_setup: CeleryTestSetup, client: Any, postgres: Any
) -> None:
    succeeds(celery_setup.worker, call_snapshot(client))  # the engine is built
    postgres.kill()
    try:
        task_id = call_snapshot(client)
        celery_setup.worker.assert_log_exists(f"Task arb.snapshot[{task_id}] retry", timeout=90)
    finally:
        postgres.restart()
    succeeds(celery_setup.worker, call_snapshot(client))


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM"])
def test_worker_that_was_ended_goes_on_after_its_restart(
    celery_setup: CeleryTestSetup, client: Any, signal: str
) -> None:
    celery_setup.worker.kill(signal)
    task_id = call_snapshot(client)
    celery_setup.worker.restart()
    succeeds(celery_setup.worker, task_id)


def test_worker_goes_on_after_the_brokers_restart(celery_setup: CeleryTestSetup, client: Any) -> None:
    celery_setup.broker.restart()
    succeeds(celery_setup.worker, call_snapshot(client))


def test_task_takes_the_fallback_while_the_broker_is_killed(
    celery_setup: CeleryTestSetup, client: Any, fallback: CeleryTestWorker
) -> None:
    celery_setup.broker.kill()
    succeeds(fallback, call_snapshot(client))
    celery_setup.broker.restart()
    succeeds(celery_setup.worker, call_snapshot(client))


def test_task_takes_the_fallback_while_the_broker_is_full(
    celery_setup: CeleryTestSetup, client: Any, fallback: CeleryTestWorker
) -> None:
    celery_setup.broker.container.exec_run(["redis-cli", "config", "set", "maxmemory", "1"])
    succeeds(fallback, call_snapshot(client))
    celery_setup.broker.container.exec_run(["redis-cli", "config", "set", "maxmemory", "0"])
    succeeds(celery_setup.worker, call_snapshot(client))
