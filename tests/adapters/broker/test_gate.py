"""What the gate says, from what it was told."""

import pytest
import redis
from kombu.exceptions import OperationalError

from arb.adapters.broker.gate import BrokerGate, reason_of
from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.domain.health.breaker import BreakerState, Watermark

MARKS = {"orders": Watermark(high=200, low=50), "evaluate": Watermark(high=20, low=5)}
COOLDOWN_MS_MAX = 1_100


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def gate(clock):
    return BrokerGate(marks=MARKS, clock=clock, entropy=SeededEntropy(1))


def by_kombu(cause):
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (redis.OutOfMemoryError("OOM"), "out_of_memory"),
        (redis.ConnectionError("refused"), "refused"),
        (redis.TimeoutError("hangs"), "refused"),
        (ConnectionRefusedError(), "refused"),
        (redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), "refused"),
        (redis.ReadOnlyError("a replica"), "refused"),
        (redis.ResponseError("WRONGTYPE"), "failed"),
    ],
)
def test_the_reason_is_what_really_happened(error, reason):
    assert reason_of(by_kombu(error)) == reason_of(error) == reason


def test_a_pool_that_is_used_up_is_not_a_dead_broker():
    assert reason_of(OperationalError("all connections are in use")) == "failed"


def test_one_refused_connection_opens_and_nothing_else_is_asked(gate):
    assert gate.diversion("orders") == ""
    gate.failed(redis.ConnectionError())
    assert (gate.state, gate.diversion("orders")) == (BreakerState.OPEN, "breaker_open")


def test_one_canary_is_due_for_each_cooldown(gate, clock):
    gate.failed(redis.ConnectionError())
    assert not gate.canary_due()
    clock.sleep_ms(COOLDOWN_MS_MAX)
    assert gate.canary_due()
    assert not gate.canary_due(), "the canary is on its way"
    assert gate.diversion("orders") == "breaker_open"
    gate.failed(redis.ConnectionError())
    assert not gate.canary_due()


def test_a_canary_that_arrives_lets_everybody_back(gate, clock):
    gate.failed(redis.ConnectionError())
    clock.sleep_ms(COOLDOWN_MS_MAX)
    assert gate.canary_due()
    gate.succeeded()
    assert (gate.diversion("orders"), gate.troubled) == ("", False)


def test_a_broker_that_is_full_is_left_alone_without_counting_as_broken(gate):
    for _ in range(20):
        gate.failed(redis.OutOfMemoryError())
    assert (gate.state, gate.diversion("orders"), gate.troubled) == (
        BreakerState.CLOSED,
        "out_of_memory",
        True,
    )
    gate.measured_memory(0.85)
    assert gate.diversion("orders") == "out_of_memory"
    gate.measured_memory(0.8)
    assert gate.diversion("orders") == ""


def test_a_canary_that_finds_the_broker_full_ends_the_outage(gate, clock):
    gate.failed(redis.ConnectionError())
    clock.sleep_ms(COOLDOWN_MS_MAX)
    assert gate.canary_due()
    gate.failed(redis.OutOfMemoryError())
    assert gate.diversion("orders") == "out_of_memory"


def test_a_full_queue_overflows_alone_until_it_is_low(gate):
    gate.measured({"evaluate": 20, "orders": 199})
    assert (gate.diversion("evaluate"), gate.diversion("orders")) == ("queue_full", "")
    gate.measured({"evaluate": 6})
    assert gate.diversion("evaluate") == "queue_full"
    gate.measured({"evaluate": 5})
    assert gate.diversion("evaluate") == ""


def test_a_queue_without_marks_never_overflows(gate):
    gate.measured({"other": 1_000_000})
    assert gate.diversion("other") == ""
