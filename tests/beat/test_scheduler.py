"""Beat keeps its pace whoever sets the clock: nothing is due for an hour less, and nothing twice in a row."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from celery import Celery

from arb.adapters.local.clock import ManualClock
from beat.scheduler import Scheduler

EVERY_S = {"sweep": 2, "watchdog": 5, "snapshot": 150}
HOUR_MS = 3_600_000


class Beat:
    """The scheduler of a beat whose clock a test sets, and what it has sent."""

    def __init__(self) -> None:
        self.clock, self.sent = ManualClock(), Counter()
        app = Celery("test", set_as_current=False)
        app.now = self.now
        app.conf.beat_schedule = {
            name: {"task": name, "schedule": every_s} for name, every_s in EVERY_S.items()
        }
        self.scheduler = Scheduler(app, lazy=False)
        self.scheduler.clock = self.clock
        self.scheduler.apply_entry = lambda entry, producer=None: self.sent.update([entry.task])

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now_ns() / 1e9, UTC)

    def run(self, seconds: int) -> Counter:
        """Tick as beat does, sleeping as long as it says; return what was sent meanwhile."""
        before, until_ns = Counter(self.sent), self.clock.steady_ns() + seconds * 10**9
        while (left_ns := until_ns - self.clock.steady_ns()) > 0:
            wait_s = self.scheduler.tick()
            self.clock.advance_ms(max(1, min(int(wait_s * 1_000) + 1, left_ns // 10**6)))
        return self.sent - before


@pytest.fixture
def beat() -> Beat:
    return Beat()


def assert_usual(sent: Counter, seconds: int, more: int = 0) -> None:
    for name, every_s in EVERY_S.items():
        assert abs(sent[name] - seconds // every_s) <= 1 + more, sent


def test_nobody_sets_the_clock(beat):
    assert_usual(beat.run(600), 600)


@pytest.mark.parametrize("step_ms", [1_000, 30_000, 60_000, HOUR_MS, 24 * HOUR_MS])
def test_a_clock_that_is_set_back_holds_nothing_up(beat, step_ms):
    beat.run(60)
    beat.clock.set_back_ms(step_ms)
    assert beat.run(10)["sweep"] >= 4
    assert_usual(beat.run(600), 600)


@pytest.mark.parametrize("step_ms", [1_000, 30_000, 60_000, HOUR_MS, 24 * HOUR_MS])
def test_a_clock_that_is_set_ahead_makes_all_due_once(beat, step_ms):
    beat.run(60)
    beat.clock.set_back_ms(-step_ms)
    assert beat.run(10)["sweep"] >= 4
    assert_usual(beat.run(600), 600, more=1)


@pytest.mark.parametrize("step_ms", [60_000, HOUR_MS])
def test_a_clock_that_was_wrong_and_is_set_right_holds_nothing_up(beat, step_ms):
    beat.run(60)
    beat.clock.set_back_ms(-step_ms)
    beat.run(60)
    beat.clock.set_back_ms(step_ms)
    assert beat.run(10)["sweep"] >= 4
    assert_usual(beat.run(600), 600)
