"""Clocks and entropy."""

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy, SystemClock, SystemEntropy
from arb.ports.market import Clock, Entropy


def test_manual_clock_moves_only_when_told():
    clock = ManualClock(5)
    assert clock.now_ns() == clock.now_ns() == 5
    clock.advance_ms(2)
    assert clock.now_ns() == 2_000_005


def test_manual_clock_sleep_moves_it_and_is_remembered():
    clock = ManualClock(0)
    clock.sleep_ms(30)
    clock.sleep_ms(-1)
    assert (clock.now_ns(), clock.slept_ms) == (30_000_000, [30, -1])


def test_system_clock_sleeps_and_takes_a_negative_wait_as_none():
    clock: Clock = SystemClock()
    start_ns = clock.now_ns()
    clock.sleep_ms(-5)
    clock.sleep_ms(2)
    assert 1_000_000 < clock.now_ns() - start_ns < 5_000_000_000


@pytest.mark.parametrize("entropy", [SystemEntropy(), SeededEntropy(1)])
def test_entropy_stays_in_its_range(entropy: Entropy):
    assert all(0 <= entropy.bits(22) < 1 << 22 for _ in range(100))
    assert all(0 <= entropy.draw() < 1 for _ in range(100))


def test_seeded_entropy_replays():
    first, second = SeededEntropy(7), SeededEntropy(7)
    assert [first.bits(64) for _ in range(5)] == [second.bits(64) for _ in range(5)]
    assert first.draw() == second.draw()
