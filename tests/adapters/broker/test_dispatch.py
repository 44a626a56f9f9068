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
def app(sandbox, database_url):
    """A publisher with both brokers, warm, and where its counts go."""
    made, counters = publisher(sandbox.server.url, pgmq_fallback(database_url))
    made.counted = counters
    made._warm_up()
    made.send_task("t.order", args=[0])
    sandbox.redis.delete("orders")
    sandbox.wait_written()  # else the order comes back after a kill
    with made.fallback.connection_for_write() as connection:
        made.fallback_channel = connection.default_channel
        for queue in QUEUES:
            made.fallback_channel.queue_purge(queue)
        yield made
    made.close()


def fallback_length(app, queue="orders"):
    return app.fallback_channel._size(queue)


@contextmanager
def hanging(sandbox):
    os.kill(sandbox.redis_process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(sandbox.redis_process.pid, signal.SIGCONT)


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


def test_a_healthy_primary_gets_everything(app, sandbox):
    publish(app, 20)
    assert (sandbox.redis.llen("orders"), fallback_length(app)) == (20, 0)


def test_a_dead_primary_costs_little_and_loses_nothing(app, sandbox, monkeypatch):
    sandbox.kill_redis()
    took = decisions(app, 50, monkeypatch)
    print(f"dead: decided in {took[0]:.1f} ms, then in {statistics.median(took[1:]):.2f} ms")
    assert fallback_length(app) == 50
    assert took[0] < 250
    assert statistics.median(took[1:]) < 10


def test_a_primary_that_hangs_costs_one_publish_its_timeout(app, sandbox, monkeypatch):
    with hanging(sandbox):
        took = decisions(app, 50, monkeypatch)
        print(f"hangs: decided in {took[0]:.1f} ms, then in {statistics.median(took[1:]):.2f} ms")
        assert fallback_length(app) == 50
        assert took[0] < 250 * 2, "a busy machine may add to the 200 ms"
        assert statistics.median(took[1:]) < 10
        time.sleep(2.2)  # two cooldowns: the canaries are not paid for by a publish
        assert max(decisions(app, 20, monkeypatch)) < 150


def test_everything_goes_back_by_itself(app, sandbox):
    sandbox.kill_redis()
    publish(app, 5)
    sandbox.start_redis()
    assert closes(app)
    publish(app, 5)
    assert sandbox.redis.llen("orders") == 5
    assert sandbox.redis.exists("canary") == 0


def test_a_primary_that_is_full_is_left_alone_and_not_broken(app, sandbox):
    sandbox.redis.config_set("maxmemory", 1)
    publish(app, 20)
    assert (fallback_length(app), app.gate.state) == (20, BreakerState.CLOSED)
    sandbox.redis.config_set("maxmemory", 0)
    assert closes(app)
    publish(app, 1)
    assert sandbox.redis.llen("orders") == 1


def test_a_queue_above_its_mark_overflows_and_the_others_do_not(app, sandbox):
    publish(app, 25, "t.evaluate")
    assert until(lambda: app.gate.diversion("evaluate") == "queue_full", BACK_S)
    publish(app, 10, "t.evaluate")
    publish(app, 10)
    kept, overflowed = sandbox.redis.llen("evaluate"), fallback_length(app, "evaluate")
    assert (kept + overflowed, kept >= 20, overflowed >= 10) == (35, True, True)
    assert (sandbox.redis.llen("orders"), fallback_length(app)) == (10, 0)
    sandbox.redis.delete("evaluate")
    assert closes(app)


def test_when_both_refuse_the_caller_is_told(sandbox):
    app, _ = publisher(sandbox.server.url, pgmq_fallback("postgresql://nobody@127.0.0.1:1/none"))
    sandbox.kill_redis()
    start = time.perf_counter()
    with pytest.raises(DispatchError, match=r"neither broker took t\.order"):
        CeleryDispatcher(app).send("t.order", "o-1", countdown_ms=10)
    print(f"both away: {time.perf_counter() - start:.1f} s")
    app.close()


def test_the_task_keeps_its_id_whichever_broker_takes_it(app, sandbox):
    sandbox.kill_redis()
    assert app.send_task("t.order", task_id="mine").id == "mine"


def test_a_caller_that_brings_its_own_producer_falls_back_too(app, sandbox):
    with (
        Connection(sandbox.server.url, transport_options=FAST) as connection,
        connection.Producer() as producer,
    ):
        sandbox.kill_redis()
        app.send_task("t.order", producer=producer)
    assert fallback_length(app) == 1


def test_counts_reach_the_counters_when_redis_is_back_and_not_before(app, sandbox):
    sandbox.kill_redis()
    publish(app, 5)
    time.sleep(0.3)
    assert app.counted.counts == {}
    sandbox.start_redis()
    assert closes(app)
    publish(app, 1)
    assert until(lambda: sum(app.counted.counts.values()) == 5, BACK_S)
    assert {name for name, _ in app.counted.counts} == {"dispatch_fallbacks"}
