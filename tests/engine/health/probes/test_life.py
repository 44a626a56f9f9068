"""Signs of life of processes and queues."""

from decimal import Decimal

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.domain.errors import DispatchError
from arb.domain.time import NS_PER_S
from arb.engine.health.probes.life import Canaries, Depth, HeartbeatAge
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import Beats


def canaries(answers, dispatcher=None, *queues, clock=None) -> Canaries:
    return Canaries(answers, dispatcher or MemoryDispatcher(), queues or ("orders",), clock or ManualClock())


def test_beat_has_a_rule_of_its_own():
    beats = Beats({"beat": {"at_ns": str(NS_PER_S)}, "feed": {"at_ns": str(2 * NS_PER_S)}})
    assert readings(HeartbeatAge(beats), 4 * NS_PER_S) == {
        ("beat_age_ms", "beat"): Decimal(3_000), ("redis_heartbeat_age_ms", "feed"): Decimal(2_000),
    }  # fmt: skip


def test_a_canary_is_sent_to_every_queue_and_the_last_answers_are_read():
    dispatcher = MemoryDispatcher()
    answers = Beats({"orders": {"latency_us": "2500", "at_ns": str(NS_PER_S)}})
    found = readings(canaries(answers, dispatcher, "orders", "evaluate"), 3 * NS_PER_S)
    assert found == {
        ("loop_latency_ms", "orders"): Decimal("2.5"), ("canary_age_ms", "orders"): Decimal(2_000),
    }  # fmt: skip
    assert [task for task, _, _ in dispatcher.take()] == ["arb.canary.orders", "arb.canary.evaluate"]


def test_a_latency_is_measured_once_and_the_age_goes_on():
    answers = Beats({"orders": {"latency_us": "9000000", "at_ns": str(NS_PER_S)}})
    sent = canaries(answers)
    assert ("loop_latency_ms", "orders") in readings(sent, 2 * NS_PER_S)
    assert readings(sent, 9 * NS_PER_S) == {("canary_age_ms", "orders"): Decimal(8_000)}


def test_what_a_sweep_reads_before_it_sends_one_is_no_latency_of_its_queue():
    dispatcher, clock = MemoryDispatcher(), ManualClock()
    began_ns = clock.now_ns()
    clock.advance_ms(30)
    readings(canaries(Beats(), dispatcher, clock=clock), began_ns)
    assert [arguments for _, arguments, _ in dispatcher.take()] == [(clock.now_ns(),)]


class Waiting:
    def depths(self):
        return {"orders": 3, "evaluate": 0}


class Nobody:
    """A broker that takes no message."""

    def send(self, task, *args, countdown_ms=0, expires_ms=0):
        raise DispatchError("away")


def test_each_queue_is_as_deep_as_what_waits_in_it():
    assert readings(Depth(Waiting()), 0) == {("queue_depth", "orders"): 3, ("queue_depth", "evaluate"): 0}


def test_a_process_that_never_said_when_is_as_old_as_time():
    assert readings(HeartbeatAge(Beats({"feed": {}})), NS_PER_S) == {
        ("redis_heartbeat_age_ms", "feed"): 1_000
    }


def test_a_canary_that_no_broker_takes_is_told_by_the_age_of_the_last_one():
    answers = Beats({"orders": {"latency_us": "2500", "at_ns": "0"}})
    found = readings(canaries(answers, Nobody()), 9 * NS_PER_S)
    assert found["canary_age_ms", "orders"] == 9_000


def test_a_queue_that_never_answered_is_no_measurement():
    assert readings(canaries(Beats()), NS_PER_S) == {}
