"""What hangs is waited for only so long, costs one thread, and is asked again when it has ended."""

import threading

import pytest

from arb.adapters.local.errands import ThreadErrands
from arb.domain.errors import Conflict, Late


@pytest.fixture
def end():
    """Ends what hangs, at the latest with the test."""
    end = threading.Event()
    yield end
    end.set()


def test_what_a_call_returns_and_raises_comes_back():
    def fails() -> int:
        raise Conflict("no")

    errands = ThreadErrands()
    assert errands.run("a", lambda: 1, 10_000) == 1
    with pytest.raises(Conflict):
        errands.run("a", fails, 10_000)


def test_a_call_that_hangs_costs_only_itself(end):
    outcomes = ThreadErrands().run_all({"hangs": end.wait, "answers": lambda: True}, 200)
    assert outcomes["answers"]()
    with pytest.raises(Late):
        outcomes["hangs"]()


def test_while_one_hangs_no_second_one_of_its_name_begins_and_afterwards_one_does(end):
    errands, begun = ThreadErrands(), []

    def hangs() -> int:
        begun.append(threading.current_thread())
        end.wait()
        return len(begun)

    for _ in range(3):
        with pytest.raises(Late):
            errands.run("hangs", hangs, 50)
    assert len(begun) == 1
    end.set()
    begun[0].join()
    assert errands.run("hangs", hangs, 10_000) == 2


def test_what_a_late_call_brings_at_last_is_not_taken_for_the_next_ones(end):
    errands = ThreadErrands()
    with pytest.raises(Late):
        errands.run("asked", lambda: end.wait() and "old", 50)
    end.set()
    while True:
        try:
            assert errands.run("asked", lambda: "new", 10_000) == "new"
            return
        except Late:  # the old one has not ended yet
            continue


def test_a_machine_without_threads_is_late_and_not_broken(monkeypatch):
    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    errands = ThreadErrands()
    monkeypatch.setattr(threading.Thread, "start", none_left)
    with pytest.raises(Late):
        errands.run("a", lambda: 1, 1_000)
    monkeypatch.undo()
    assert errands.run("a", lambda: 1, 10_000) == 1
