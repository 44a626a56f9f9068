"""Real workers and messages that they give up: each is a row, or stays with its broker."""

import sys
import time
from types import SimpleNamespace

import pytest
from amqp import spec
from kombu.transport import pyamqp

from arb.adapters.broker.poison import PAUSE_MS, DeadLetterHandler, deliveries
from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import make_engine
from arb.chaos.queue.broker_sandbox import QUIET, BrokerSandbox, message, until
from arb.domain.errors import StoreUnavailable
from arb.domain.health.dead_letter import DELIVERIES_MAX, DeadLetterReason

pytestmark = pytest.mark.integration
CELERY = (
    sys.executable,
    "-m",
    "celery",
    "-A",
    "tests.adapters.broker.poison_app",
    "worker",
    *QUIET,
    "-P",
    "solo",
)
NOWHERE = "redis://127.0.0.1:1/0"
UP_S = 90.0


@pytest.fixture
def sandbox():
    with BrokerSandbox() as made:
        yield made


@pytest.fixture
def store(database_url):
    engine = make_engine(database_url)
    yield SqlDeadLetters(engine, "mock")
    engine.dispose()


def start(sandbox, database_url, buffer_url=None):
    sandbox.environment |= {
        "ARB_POISON_DATABASE": database_url,
        "ARB_POISON_REDIS": buffer_url or sandbox.server.url,
    }
    return sandbox.start((*CELERY, "-n", "poison@sandbox"), "worker-poison")


def put(sandbox, number, task, **headers):
    sandbox.redis.lpush("orders", message(number, "orders", (number,), task=task, **headers))


def test_a_worker_buries_what_fails_what_came_too_often_and_what_nobody_knows(sandbox, store, database_url):
    put(sandbox, 1, "poison.fails")
    put(sandbox, 2, "poison.work", redeliveries=DELIVERIES_MAX)
    put(sandbox, 3, "poison.gone")
    put(sandbox, 4, "poison.outage")
    put(sandbox, 5, "poison.work", redeliveries=DELIVERIES_MAX - 1)
    start(sandbox, database_url)
    assert sandbox.ran([1, 4, 5], UP_S), sandbox.logs()
    assert until(lambda: sandbox.waiting() == 0, 10)
    rows = {row["task"]: row for row in store.listed(10)}
    assert {task: (row["reason"], row["args"], row["failures"]) for task, row in rows.items()} == {
        "poison.fails": ("failed", [1], 1),
        "poison.work": ("redelivered", [2], DELIVERIES_MAX),
        "poison.gone": ("unreadable", [3], 1),
    }
    assert rows["poison.fails"]["error"] == "InvariantError: bug 1"
    assert {row["queue"] for row in rows.values()} == {"orders"}
    assert dict(sandbox.executed()) == {1: 1, 4: 1, 5: 1}


def test_while_sql_is_away_it_waits_in_redis(sandbox):
    put(sandbox, 1, "poison.fails")
    start(sandbox, "postgresql:///arb?host=/nowhere")
    assert until(lambda: sandbox.redis.llen("arbitrage:dead_letters:mock") == 1, UP_S), sandbox.logs()
    assert until(lambda: sandbox.waiting() == 0, 10)


def test_while_nobody_can_keep_it_it_comes_again_after_a_pause_and_is_not_lost(sandbox):
    put(sandbox, 1, "poison.fails")
    put(sandbox, 2, "poison.gone")
    start(sandbox, "postgresql:///arb?host=/nowhere", NOWHERE)
    assert sandbox.ran([1], UP_S), sandbox.logs()
    time.sleep(4)
    assert sandbox.waiting() == 2
    assert 2 <= sandbox.executed()[1] <= 6


def test_while_nobody_can_keep_it_rabbitmq_has_it_back_after_a_pause():
    def away(_letter):
        raise StoreUnavailable("away")

    class Channel(pyamqp.Channel):
        def __init__(self):
            self.sent = []

        def send_method(self, *method, **_options):
            self.sent.append(method)

    channel, clock = Channel(), ManualClock()
    delivered = SimpleNamespace(
        body=b"?", delivery_tag=7, properties={}, delivery_info={"routing_key": "orders"}
    )
    message = pyamqp.Channel.Message(delivered, channel=channel)
    DeadLetterHandler(away, clock).reject(message, DeadLetterReason.UNREADABLE, "this is no task message")
    assert clock.slept_ms == [PAUSE_MS]
    assert [(method, arguments) for method, _, arguments in channel.sent] == [
        (spec.Basic.Reject, (7, True))  # and to be delivered again
    ]


@pytest.mark.parametrize(
    ("headers", "delivery_info", "expected"),
    [
        ({}, {}, 0),
        ({"redeliveries": 3}, {}, 3),
        ({"x-delivery-count": 4}, {}, 4),
        ({}, {"pgmq_message": {"msg_id": 1, "read_ct": 6}}, 5),
        (None, None, 0),
    ],
)
def test_every_broker_counts_deliveries_in_a_way_of_its_own(headers, delivery_info, expected):
    assert deliveries(SimpleNamespace(headers=headers, delivery_info=delivery_info)) == expected
