"""Waits between connections."""

from arb.adapters.venues.reconnect import ReconnectPlan
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS

MIDDLE = 0.5


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
