"""Signs of life of processes and queues."""

from decimal import Decimal

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.domain.time import NS_PER_S
from arb.engine.health.probes.life import Canaries, HeartbeatAge
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import Beats


def test_beat_has_a_rule_of_its_own():
    beats = Beats({"beat": {"at_ns": str(NS_PER_S)}, "feed": {"at_ns": str(2 * NS_PER_S)}})
    assert readings(HeartbeatAge(beats), 4 * NS_PER_S) == {
        ("beat_age_ms", "beat"): Decimal(3_000), ("redis_heartbeat_age_ms", "feed"): Decimal(2_000),
    }  # fmt: skip


def test_a_canary_is_sent_to_every_queue_and_the_last_answers_are_read():
    dispatcher = MemoryDispatcher()
    answers = Beats({"orders": {"latency_us": "2500", "at_ns": str(NS_PER_S)}})
    found = readings(Canaries(answers, dispatcher, ("orders", "evaluate")), 3 * NS_PER_S)
    assert found == {
        ("loop_latency_ms", "orders"): Decimal("2.5"), ("canary_age_ms", "orders"): Decimal(2_000),
    }  # fmt: skip
    assert [task for task, _, _ in dispatcher.take()] == ["arb.canary.orders", "arb.canary.evaluate"]


def test_a_latency_is_measured_once_and_the_age_goes_on():
    answers = Beats({"orders": {"latency_us": "9000000", "at_ns": str(NS_PER_S)}})
    canaries = Canaries(answers, MemoryDispatcher(), ("orders",))
    assert ("loop_latency_ms", "orders") in readings(canaries, 2 * NS_PER_S)
    assert readings(canaries, 9 * NS_PER_S) == {("canary_age_ms", "orders"): Decimal(8_000)}
