"""Channels of our transport, and towns of worker processes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
from kombu import Connection

from arb.adapters.broker.pgmq_transport import close_pools
from arb.chaos.queue.broker_sandbox import BrokerSandbox
from tests.adapters.broker.apps import use_our_transport

OPTIONS = {"visibility_timeout": 1, "priority_steps": [0], "socket_timeout": 1.0}


@pytest.fixture(scope="module", autouse=True)
def no_pool_left() -> Iterator[None]:
    """A pool that kombu lost would look for its database, at random times, beside the tests that follow."""
    yield
    close_pools()


@pytest.fixture(scope="module")
def module_sandbox() -> Iterator[BrokerSandbox]:
    """A Redis of this module's own, which may be killed, filled and stopped."""
    with BrokerSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(module_sandbox: BrokerSandbox) -> BrokerSandbox:
    """That Redis, empty and running."""
    if module_sandbox.redis_process.poll() is not None:
        module_sandbox.start_redis()
    module_sandbox.redis.config_set("maxmemory", 0)
    module_sandbox.redis.flushall()
    return module_sandbox


@pytest.fixture
def client(sandbox: BrokerSandbox) -> redis.Redis:
    """A plain client, to look behind the transport."""
    return sandbox.redis


@pytest.fixture
def connect(sandbox: BrokerSandbox) -> Iterator[Callable[..., Connection]]:
    """Make connections of our transport; closed at the end."""
    use_our_transport()
    with ExitStack() as cleanup:

        def make(**options: object) -> Connection:
            made = Connection(sandbox.server.url, transport_options=OPTIONS | options)
            cleanup.callback(made.close)
            return made

        yield make
