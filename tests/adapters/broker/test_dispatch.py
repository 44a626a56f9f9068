"""Publishing while the primary is away, hangs or is full: somewhere else, soon, and back by itself."""

import os
import signal
import statistics
import time
from contextlib import contextmanager

import pytest
from kombu import Connection

from arb.adapters.broker.celery_app import ArbCelery
from arb.adapters.broker.dispatch import CeleryDispatcher
from arb.chaos.queue.broker_sandbox import until
from arb.domain.errors import DispatchError
from arb.domain.health.breaker import BreakerState
from arb.domain.health.queues import QUEUES
from tests.adapters.broker.apps import FAST, pgmq_fallback, publisher

pytestmark = [
    pytest.mark.integration,
    # kombu silences this one of pgmq's, but two threads that connect at once undo that for each other
    pytest.mark.filterwarnings(r"ignore:list_queues\(\) now returns:UserWarning"),
]
BACK_S = 5.0


@pytest.fixture
def app(town, database_url):
    """A publisher with both brokers, warm, and where its counts go."""
    made, counters = publisher(town.server.url, pgmq_fallback(database_url))
    made.counted = counters
    made._warm_up()
    made.send_task("t.order", args=[0])
    town.redis.delete("orders")
    with made.fallback.connection_for_write() as connection:
        made.fallback_channel = connection.default_channel
        for queue in QUEUES:
            made.fallback_channel.queue_purge(queue)
        yield made
    made.close()


def fallback_length(app, queue="orders"):
    return app.fallback_channel._size(queue)


@contextmanager
def hanging(town):
    os.kill(town.redis_process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(town.redis_process.pid, signal.SIGCONT)


def publish(app, amount, name="t.order"):
    """Publish."""
    for number in range(amount):
        app.send_task(name, args=[number])


def decisions(app, amount, monkeypatch):
    """Publish; return how long each publish took to turn to the fallback, in milliseconds."""
    took = []
    send = ArbCelery._send_to_fallback

    def turned(self, *args, **options):
        took.append((time.perf_counter() - start) * 1000)
        return send(self, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(ArbCelery, "_send_to_fallback", turned)
        for number in range(amount):
            start = time.perf_counter()
            app.send_task("t.order", args=[number])
    assert len(took) == amount
    return took


def closes(app):
    return until(lambda: app.gate.state is BreakerState.CLOSED and not app.gate.troubled, BACK_S)


def test_a_healthy_primary_gets_everything(app, town):
    publish(app, 20)
    assert (town.redis.llen("orders"), fallback_length(app)) == (20, 0)


def test_a_dead_primary_costs_little_and_loses_nothing(app, town, monkeypatch):
    town.kill_redis()
    took = decisions(app, 50, monkeypatch)
    print(f"dead: decided in {took[0]:.1f} ms, then in {statistics.median(took[1:]):.2f} ms")
    assert fallback_length(app) == 50
    assert took[0] < 250
    assert statistics.median(took[1:]) < 10


def test_a_primary_that_hangs_costs_one_publish_its_timeout(app, town, monkeypatch):
    with hanging(town):
        took = decisions(app, 50, monkeypatch)
        print(f"hangs: decided in {took[0]:.1f} ms, then in {statistics.median(took[1:]):.2f} ms")
        assert fallback_length(app) == 50
        assert took[0] < 250 * 2, "a busy machine may add to the 200 ms"
        assert statistics.median(took[1:]) < 10
        time.sleep(2.2)  # two cooldowns: the canaries are not paid for by a publish
        assert max(decisions(app, 20, monkeypatch)) < 150


def test_everything_goes_back_by_itself(app, town):
    town.kill_redis()
    publish(app, 5)
    town.start_redis()
    assert closes(app)
    publish(app, 5)
    assert town.redis.llen("orders") == 5
    assert town.redis.exists("canary") == 0


def test_a_primary_that_is_full_is_left_alone_and_not_broken(app, town):
    town.redis.config_set("maxmemory", 1)
    publish(app, 20)
    assert (fallback_length(app), app.gate.state) == (20, BreakerState.CLOSED)
    town.redis.config_set("maxmemory", 0)
    assert closes(app)
    publish(app, 1)
    assert town.redis.llen("orders") == 1


def test_a_queue_above_its_mark_overflows_and_the_others_do_not(app, town):
    publish(app, 25, "t.evaluate")
    assert until(lambda: app.gate.refusal("evaluate") == "queue_full", BACK_S)
    publish(app, 10, "t.evaluate")
    publish(app, 10)
    kept, overflowed = town.redis.llen("evaluate"), fallback_length(app, "evaluate")
    assert (kept + overflowed, kept >= 20, overflowed >= 10) == (35, True, True)
    assert (town.redis.llen("orders"), fallback_length(app)) == (10, 0)
    town.redis.delete("evaluate")
    assert closes(app)


def test_when_both_refuse_the_caller_is_told(town):
    app, _ = publisher(town.server.url, pgmq_fallback("postgresql://nobody@127.0.0.1:1/none"))
    town.kill_redis()
    start = time.perf_counter()
    with pytest.raises(DispatchError, match=r"neither broker took t\.order"):
        CeleryDispatcher(app).send("t.order", "o-1", countdown_ms=10)
    print(f"both away: {time.perf_counter() - start:.1f} s")
    app.close()


def test_the_task_keeps_its_id_whichever_broker_takes_it(app, town):
    town.kill_redis()
    assert app.send_task("t.order", task_id="mine").id == "mine"


def test_a_caller_that_brings_its_own_producer_falls_back_too(app, town):
    with Connection(town.server.url, transport_options=FAST) as connection, connection.Producer() as producer:
        town.kill_redis()
        app.send_task("t.order", producer=producer)
    assert fallback_length(app) == 1


def test_counts_reach_the_counters_when_redis_is_back_and_not_before(app, town):
    town.kill_redis()
    publish(app, 5)
    time.sleep(0.3)
    assert app.counted.counts == {}
    town.start_redis()
    assert closes(app)
    publish(app, 1)
    assert until(lambda: sum(app.counted.counts.values()) == 5, BACK_S)
    assert {name for name, _ in app.counted.counts} == {"dispatch_fallbacks"}
