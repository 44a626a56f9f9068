"""What grows and what is only noise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.growth import growth
from arb.domain.health.soak import MB, SoakSample, judge_soak


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


def run(per_hour_mb=0.0, queue=lambda n: 0, **over):
    samples = [
        SoakSample(
            at_s=at_s,
            memory_bytes={("feed", 1): int(value * MB)},
            redis_bytes=3 * MB,
            queues={"orders": queue(n)},
        )
        for n, (at_s, value) in enumerate(line(per_hour_mb, noise=0.01))
    ]
    facts = {"trades": 10, "invariants_hold": True, "rested": True, "errors": ()} | over
    return judge_soak(samples, **facts)


def test_a_flat_run_passes():
    report = run()
    assert report.passed
    assert report.as_json()["verdict"] is True


def test_growth_during_warm_up_is_forgiven():
    samples = [
        SoakSample(at_s=n, memory_bytes={("feed", 1): (min(n, 30) + 50) * MB}, redis_bytes=MB, queues={})
        for n in range(100)
    ]
    assert judge_soak(samples, trades=1, invariants_hold=True, rested=True, errors=()).passed


@pytest.mark.parametrize(
    "over",
    [
        {"trades": 0},
        {"invariants_hold": False},
        {"rested": False},
        {"errors": ("feed ended 1 times",)},
    ],
)
def test_anything_wrong_fails(over):
    assert not run(**over).passed


def test_a_leaking_process_is_named():
    report = run(per_hour_mb=30.0)
    assert report.growing == ("feed",)
    assert not report.passed


def test_of_a_program_the_process_that_grows_fastest_counts():
    samples = [
        SoakSample(
            at_s=n * 5.0,
            memory_bytes={
                ("postgres", 1): 10 * MB,
                ("postgres", 2): 3 * MB + n * 20_000,
                **(
                    {("postgres", 100 + n // 20): n % 20 * MB} if n % 2 else {}
                ),  # connections that come and go
            },
            redis_bytes=MB,
            queues={},
        )
        for n in range(100)
    ]
    report = judge_soak(samples, trades=1, invariants_hold=True, rested=True, errors=())
    assert report.growing == ("postgres",)
    assert report.memory_mb["postgres"].per_hour == pytest.approx(20_000 * 720 / MB)


def test_a_queue_that_is_not_worked_off_is_named():
    report = run(queue=lambda n: n)
    assert report.growing == ("queues",)
    assert report.queue_depth_max == 99


def test_a_run_that_measured_nothing_fails():
    assert not judge_soak([], trades=5, invariants_hold=True, rested=True, errors=()).passed
