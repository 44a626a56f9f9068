"""Our image as pytest-celery's worker, Redis as the broker, the fallback broker on PostgreSQL.

`make smoke` runs these; without a Docker engine they are skipped. Everything happens inside containers:
tests look at logs and ask inside. PostgreSQL lives as long as the run, Redis and workers as long as a test.
"""

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from pytest_celery import (
    REDIS_CONTAINER_TIMEOUT,
    CeleryBrokerCluster,
    CeleryTestWorker,
    CeleryWorkerCluster,
    CeleryWorkerContainer,
    RedisContainer,
)
from pytest_docker_tools import build, container, fxtr, network, volume, wrappers
from pytest_docker_tools.wrappers import container as wrapped

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
START_S_MAX = 120
PASSWORD = "".join(f"{byte:02x}" for byte in os.urandom(12))
# In place of the images' volumes, which would outlive their containers.
NO_VOLUME = {"/var/lib/arb": "mode=1777"}
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO")
MIRRORS = ("PIP_INDEX_URL", "PIP_TRUSTED_HOST")

# On a host that has /.dockerenv the plugin talks to containers by their own addresses; the published ports
# are there all the same.
wrapped.tests_inside_container = lambda: False


def no_engine() -> str | None:
    """Return why no Docker engine can be used, or None."""
    reason = None
    with warnings.catch_warnings():
        # Refused, the library leaves its socket to the collector: have it collected here.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            client = docker.from_env(timeout=5)
            client.ping()
            client.close()
        except DockerException as error:
            reason = f"no Docker engine answers: {str(error).splitlines()[0][:120]}"
        gc.collect()
    return reason


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this directory."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.smoke)
            item.add_marker(pytest.mark.timeout(600))
            item.add_marker(
                pytest.mark.filterwarnings("default")
            )  # the libraries leave sockets to the collector


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skip where no engine answers; asked only when one of these tests is to run."""
    if reason := no_engine():
        pytest.skip(reason)


class Postgres(wrappers.Container):
    """A PostgreSQL that is ready when it answers over TCP."""

    def ready(self) -> bool:
        """Return whether it does."""
        asked = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "arb"]
        return super().ready() and self.exec_run(asked).exit_code == 0

    def query(self, sql: str) -> str:
        """Return the first value that a statement gives."""
        return self.exec_run(["psql", "-U", "arb", "-d", "arb", "-tAc", sql]).output.decode().strip()


class Broker(RedisContainer):
    """The Redis that docker-compose.yml names."""

    @classmethod
    def image(cls) -> str:
        """Return the image of the compose file."""
        return "redis:8"


class Worker(CeleryWorkerContainer):
    """Our image, one worker for every queue."""

    @classmethod
    def command(cls, *args: str, **_options: Any) -> list[str]:
        """Return what the compose file runs, with all queues in one."""
        queues = ("-Q", "orders,evaluate,housekeeping", "-n", f"{cls.worker_name()}@%h", "--pool", "solo")
        return ["celery", "-A", "arb", "worker", *queues, *QUIET, *args]

    @classmethod
    def worker_queue(cls) -> str:
        """Return the queue of what beat starts."""
        return "housekeeping"


arb_image = build(
    path=str(ROOT),
    tag="arb",
    buildargs={name: os.environ[name] for name in MIRRORS if name in os.environ},
)
default_pytest_celery_network = network(scope="session")
postgres_data = volume(scope="session")
postgres = container(
    image="postgres:17",
    volumes={"{postgres_data.name}": {"bind": "/var/lib/postgresql/data", "mode": "rw"}},
    scope="session",
    environment={"POSTGRES_USER": "arb", "POSTGRES_DB": "arb", "POSTGRES_PASSWORD": PASSWORD},
    network="{default_pytest_celery_network.name}",
    wrapper_class=Postgres,
    timeout=START_S_MAX,
)
default_redis_broker = container(
    image="{default_redis_broker_image}",
    ports=fxtr("default_redis_broker_ports"),
    network="{default_pytest_celery_network.name}",
    wrapper_class=Broker,
    tmpfs={"/data": "mode=1777"},
    timeout=REDIS_CONTAINER_TIMEOUT,
    command=fxtr("default_redis_broker_command"),
)
default_worker_container = container(
    image="{arb_image.id}",
    tmpfs=NO_VOLUME,
    environment=fxtr("default_worker_env"),
    network="{default_pytest_celery_network.name}",
    wrapper_class=Worker,
    timeout=START_S_MAX,
    command=fxtr("default_worker_command"),
)
fallback_container = container(
    image="{arb_image.id}",
    tmpfs=NO_VOLUME,
    environment=fxtr("default_worker_env"),
    network="{default_pytest_celery_network.name}",
    wrapper_class=Worker,
    timeout=START_S_MAX,
    command=["celery", "-A", "workers.fallback", "worker", "-n", "fallback@%h", "--pool", "solo", *QUIET],
)
beat_container = container(
    image="{arb_image.id}",
    tmpfs=NO_VOLUME,
    environment=fxtr("default_worker_env"),
    network="{default_pytest_celery_network.name}",
    timeout=START_S_MAX,
    command=["celery", "-A", "arb", "beat", "-l", "INFO"],
)


@pytest.fixture
def default_redis_broker_cls() -> type[RedisContainer]:
    return Broker


@pytest.fixture
def default_worker_container_cls() -> type[CeleryWorkerContainer]:
    return Worker


@pytest.fixture(params=["celery_redis_broker"])
def celery_broker(request: pytest.FixtureRequest) -> Any:
    """The primary broker is Redis."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def celery_backend_cluster() -> None:
    """Results are rows in SQL: there is no result backend."""


@pytest.fixture
def default_worker_env(
    celery_broker_cluster: CeleryBrokerCluster,
    postgres: Postgres,
    docker_client: docker.DockerClient,
    arb_image: Any,
    default_pytest_celery_network: Any,
) -> dict[str, str]:
    """The environment of every container of ours; the database is migrated and has a session."""
    environment = {
        "ARB_MODE": "mock",
        "ARB_REDIS_URL": celery_broker_cluster.config()["urls"][0],
        "ARB_DATABASE_URL": f"postgresql://arb:{PASSWORD}@{postgres.attrs['Config']['Hostname']}:5432/arb",
    }
    docker_client.containers.run(
        arb_image.id, ["arb", "migrate"], environment=environment,
        network=default_pytest_celery_network.name, tmpfs=NO_VOLUME, remove=True,
    )  # fmt: skip
    return environment


class Fallback(CeleryTestWorker):
    """The worker of the fallback broker."""


@pytest.fixture
def fallback(fallback_container: Worker, celery_setup_app: Any) -> Iterator[Fallback]:
    """The fallback worker, ready."""
    node = Fallback(container=fallback_container, app=celery_setup_app)
    yield node
    node.teardown()


@pytest.fixture
def worker(celery_worker_cluster: CeleryWorkerCluster) -> CeleryTestWorker:
    """The primary broker's worker, ready."""
    return celery_worker_cluster[0]


@pytest.fixture
def client(
    docker_client: docker.DockerClient,
    arb_image: Any,
    default_worker_env: dict[str, str],
    default_pytest_celery_network: Any,
) -> Iterator[Any]:
    """A container of our image to type commands in, as `docker compose exec` would."""
    box = docker_client.containers.run(
        arb_image.id, ["sleep", "infinity"], environment=default_worker_env,
        network=default_pytest_celery_network.name, tmpfs=NO_VOLUME, detach=True,
    )  # fmt: skip
    yield box
    box.remove(force=True)
