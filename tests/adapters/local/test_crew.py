"""Threads that wait: never more work than seats, nothing put in line, and a failure costs no thread."""

import threading

import pytest

from arb.adapters.local.crew import Crew


def test_what_is_reserved_begins_at_once_beside_each_other():
    crew, met = Crew("test", 3), threading.Barrier(3)
    seats = crew.reserve(3)
    for _ in range(3):
        seats.run(lambda: met.wait(10))
    assert crew.rest(10_000)


def test_a_full_crew_says_so_at_once():
    crew, go_on = Crew("test", 2), threading.Event()
    held = crew.reserve(1)
    held.run(lambda: go_on.wait(10))
    assert crew.reserve(2) is None
    assert not crew.rest(1)
    go_on.set()
    assert crew.rest(10_000)
    assert crew.reserve(2) is not None


def test_seats_that_were_not_used_are_free_again_once():
    crew = Crew("test", 2)
    seats = crew.reserve(2)
    seats.give_back()
    seats.give_back()
    assert crew.reserve(2) is not None
    assert crew.reserve(1) is None


def test_a_seat_is_good_for_one_piece_of_work():
    crew = Crew("test", 2)
    seats = crew.reserve(1)
    seats.run(lambda: None)
    with pytest.raises(ValueError, match="more work than seats"):
        seats.run(lambda: None)
    assert crew.rest(10_000)


def test_work_that_fails_frees_its_seat():
    crew, done = Crew("test", 1), []

    def fail():
        raise RuntimeError("no")

    crew.reserve(1).run(fail)
    assert crew.rest(10_000)
    crew.reserve(1).run(lambda: done.append(True))
    assert crew.rest(10_000)
    assert done == [True]


def test_threads_that_the_machine_lacks_are_started_later_and_none_twice(monkeypatch):
    start, room = threading.Thread.start, [2]

    def start_if_there_is_room(thread):
        if room[0] == 0:
            raise RuntimeError("can't start new thread")
        room[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_there_is_room)
    crew = Crew("scarce", 3)
    assert crew.reserve(1) is None
    room[0] = 9
    assert crew.reserve(3) is not None
    assert sorted(each.name for each in threading.enumerate() if each.name.startswith("scarce")) == [
        "scarce-0", "scarce-1", "scarce-2",
    ]  # fmt: skip
