"""What grows and what is only noise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.growth import growth


def line(per_hour, noise=0.0, count=100, step_s=5.0):
    chance = random.Random(7)
    return [(n * step_s, 80 + per_hour * n * step_s / 3600 + chance.gauss(0, noise)) for n in range(count)]


@given(st.floats(-1e4, 1e4))
def test_the_slope_of_a_straight_line_is_its_slope(per_hour):
    found = growth(line(per_hour))
    assert found.per_hour == pytest.approx(per_hour, abs=1e-6, rel=1e-6)
    assert found.high - found.low == pytest.approx(0, abs=1e-3)


def test_noise_alone_is_never_sure():
    assert not growth(line(0.0, noise=1.0)).surely_exceeds(1.0)


def test_a_leak_beyond_its_noise_is():
    found = growth(line(120.0, noise=1.0))
    assert found.surely_exceeds(1.0)
    assert found.low < 120 < found.high


def test_a_few_samples_that_are_far_off_move_nothing():
    samples = line(0.5)
    samples[40:50] = [(at_s, value + 20) for at_s, value in samples[40:50]]
    assert growth(samples).per_hour == pytest.approx(0.5, abs=0.1)


def test_a_step_in_the_middle_is_told_from_a_slope_only_by_its_size():
    samples = [(at_s, value + (0.01 if at_s > 250 else 0)) for at_s, value in line(0.0)]
    assert not growth(samples).exceeds(1.0)


def test_a_long_run_is_thinned_and_keeps_its_slope():
    found = growth(line(3.0, noise=0.01, count=5_000))
    assert found.per_hour == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("samples", [[], [(0, 1)], [(0, 1), (1, 2)], [(1, 1), (1, 2), (1, 3)]])
def test_too_little_says_nothing(samples):
    assert growth(samples) is None
