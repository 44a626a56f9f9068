"""Work that nobody waits for."""

import threading

from structlog.testing import capture_logs

from arb.adapters.local.background import Background


class Work:
    """Counts how often it is done, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.done, self.failures, self.again = 0, failures, threading.Semaphore(0)

    def __call__(self) -> None:
        self.done += 1
        self.again.release()
        if self.done <= self.failures:
            raise ValueError("a mistake")


def test_what_is_asked_within_a_moment_is_done_once():
    work = Work()
    background = Background("test", work, 0.2)
    for _ in range(100):
        background.ask()
    assert work.again.acquire(timeout=10)
    assert work.done == 1


def test_what_is_asked_later_is_done_again():
    work = Work()
    background = Background("test", work, 0.001)
    for number in (1, 2, 3):
        background.ask()
        assert work.again.acquire(timeout=10)
        assert work.done == number


def test_a_mistake_ends_one_go_and_no_later_one():
    work = Work(failures=1)
    background = Background("test", work, 0.001)
    with capture_logs() as logs:
        background.ask()
        assert work.again.acquire(timeout=10)
        background.ask()
        assert work.again.acquire(timeout=10)
    assert [each["event"] for each in logs] == ["background_work_failed"]


def test_nothing_is_done_and_no_thread_is_there_before_it_is_asked():
    before = threading.active_count()
    Background("test", Work(), 0.001)
    assert threading.active_count() == before


def test_without_a_thread_left_nothing_is_raised_and_who_asks_next_tries_again(monkeypatch):
    work = Work()
    background = Background("test", work, 0.001)

    def no_room(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", no_room)
        background.ask()
    background.ask()
    assert work.again.acquire(timeout=10)
    assert work.done == 1
