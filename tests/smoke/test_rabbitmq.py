"""RabbitMQ as the primary broker: quorum queues that refuse what does not fit, and the fallback behind."""

from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.errors import NotFound
from pytest_docker_tools import container, fxtr, volume, wrappers
from pytest_docker_tools.utils import wait_for_callable

from tests.smoke.conftest import NO_VOLUME, PASSWORD, QUIET, START_S_MAX, Worker

HOUSEKEEPING_MAX = 500  # config/rabbitmq.py
BEYOND = 20
PUBLISH = f"""
from arb.celery import app
for _ in range({HOUSEKEEPING_MAX + BEYOND}):
    app.send_task("arb.watchdog")
"""
IN_FALLBACK = "SELECT queue_length FROM pgmq.metrics('mock_housekeeping')"


class RabbitMQ(wrappers.Container):
    """A RabbitMQ that is ready when it takes connections."""

    def ready(self) -> bool:
        """Return whether it does."""
        asked = ["rabbitmq-diagnostics", "-q", "check_port_connectivity"]
        return super().ready() and self.exec_run(asked).exit_code == 0

    def queues(self) -> dict[str, str]:
        """Return the type of each queue."""
        listed = self.exec_run(["rabbitmqctl", "-q", "list_queues", "name", "type"]).output.decode()
        return dict(line.split("\t") for line in listed.strip().splitlines() if line.count("\t") == 1)


@pytest.fixture
def rabbitmq_image(docker_client: docker.DockerClient) -> str:
    """The image, if it is here: it is not needed for anything else, so it is not fetched."""
    try:
        docker_client.images.get("rabbitmq:4")
    except NotFound:
        pytest.skip("the image rabbitmq:4 is not here; get it with docker pull rabbitmq:4")
    return "rabbitmq:4"


rabbitmq_data = volume()
rabbitmq = container(
    image="{rabbitmq_image}",
    volumes={"{rabbitmq_data.name}": {"bind": "/var/lib/rabbitmq", "mode": "rw"}},
    environment={"RABBITMQ_DEFAULT_USER": "arb", "RABBITMQ_DEFAULT_PASS": PASSWORD},
    network="{default_pytest_celery_network.name}",
    wrapper_class=RabbitMQ,
    timeout=START_S_MAX,
)


@pytest.fixture
def environment(default_worker_env: dict[str, str], rabbitmq: RabbitMQ) -> dict[str, str]:
    """What the compose file for RabbitMQ adds."""
    host = rabbitmq.attrs["Config"]["Hostname"]
    return {**default_worker_env, "ARB_BROKER_URL": f"amqp://arb:{PASSWORD}@{host}:5672//"}


rabbit_worker = container(
    image="{arb_image.id}",
    tmpfs=NO_VOLUME,
    environment=fxtr("environment"),
    network="{default_pytest_celery_network.name}",
    wrapper_class=Worker,
    timeout=START_S_MAX,
    command=[
        "celery",
        "-A",
        "arb",
        "worker",
        "-Q",
        "housekeeping",
        "-n",
        "rabbit@%h",
        "--pool",
        "solo",
        *QUIET,
    ],
)


@pytest.fixture
def box(
    docker_client: docker.DockerClient,
    arb_image: Any,
    environment: dict[str, str],
    default_pytest_celery_network: Any,
) -> Iterator[Any]:
    """A container to type commands in."""
    made = docker_client.containers.run(
        arb_image.id,
        ["sleep", "infinity"],
        environment=environment,
        network=default_pytest_celery_network.name,
        tmpfs=NO_VOLUME,
        detach=True,
    )
    yield made
    made.remove(force=True)


def test_what_a_full_quorum_queue_refuses_takes_the_fallback(
    rabbitmq: RabbitMQ, rabbit_worker: Worker, box: Any, postgres: Any
) -> None:
    said = box.exec_run(["celery", "-A", "arb", "call", "arb.snapshot"], stderr=False)
    assert said.exit_code == 0
    task_id = said.output.decode().strip().splitlines()[-1]
    wait_for_callable(
        "waiting for the snapshot",
        lambda: f"Task arb.snapshot[{task_id}] succeeded" in rabbit_worker.logs(),
        timeout=90,
    )
    assert rabbitmq.queues()["mock:housekeeping"] == "quorum"

    rabbit_worker.kill()
    published = box.exec_run(["python", "-c", PUBLISH])
    assert published.exit_code == 0, published.output.decode()
    # A quorum queue counts a moment late: a few more than its length may get in.
    assert 0 < int(postgres.query(IN_FALLBACK)) <= BEYOND
