"""What a long run has to show to pass."""

import pytest

from arb.domain.health.soak import MB, SoakSample, judge_soak
from tests.domain.health.test_growth import line


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
