"""Silence, probes and answers, and the waits between connections."""

from arb.adapters.venues.liveness import Liveness, ReconnectPlan, SilenceLimits, Step
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.time import NS_PER_MS

LIMITS = SilenceLimits(silence_ms_max=10, probe_ms_max=5, idle_ms_max=100, keep_alive_ms=60)
MIDDLE = 0.5


def steps(liveness: Liveness, *at_ms: int) -> list[Step]:
    return [liveness.step(ms * NS_PER_MS) for ms in at_ms]


def test_silence_is_probed_once_and_then_given_up():
    assert steps(Liveness(LIMITS, 0), 10, 11, 12, 16, 17) == [
        Step.NOTHING,
        Step.PROBE,
        Step.NOTHING,
        Step.NOTHING,
        Step.GIVE_UP,
    ]


def test_an_answer_ends_the_suspicion():
    liveness = Liveness(LIMITS, 0)
    assert liveness.step(11 * NS_PER_MS) is Step.PROBE
    liveness.heard(12 * NS_PER_MS)
    assert steps(liveness, 20, 23) == [Step.NOTHING, Step.PROBE]


def test_a_busy_connection_still_sends_its_keep_alive_and_is_not_suspected():
    liveness = Liveness(LIMITS, 0)
    found = []
    for ms in range(1, 90):
        liveness.heard(ms * NS_PER_MS)
        found.append(liveness.step(ms * NS_PER_MS))
    assert found.count(Step.PROBE) == 1
    assert Step.GIVE_UP not in found


def test_a_connection_without_quotes_is_given_up_however_lively():
    liveness = Liveness(LIMITS, 0)
    liveness.progressed(50 * NS_PER_MS)
    liveness.heard(150 * NS_PER_MS)
    assert liveness.step(150 * NS_PER_MS) is not Step.GIVE_UP
    liveness.heard(151 * NS_PER_MS)
    assert liveness.step(151 * NS_PER_MS) is Step.GIVE_UP


def plan() -> ReconnectPlan:
    return ReconnectPlan(SOCKET_BACKOFF, SOCKET_COOLDOWN_MS)


def test_waits_double_to_a_minute_then_cool_down_and_begin_again():
    made = plan()
    waits_s = [made.failed_ms(MIDDLE) // 1000 for _ in range(13)]
    assert waits_s == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 1, 2]


def test_waits_are_spread_by_a_tenth():
    assert (plan().failed_ms(0.0), plan().failed_ms(1.0)) == (900, 1_100)


def test_success_starts_over():
    made = plan()
    for _ in range(5):
        made.failed_ms(MIDDLE)
    made.succeeded()
    assert (made.failures, made.failed_ms(MIDDLE)) == (0, 1_000)
