"""Chunks fit the budget, those who find it taken wait, and one alone always goes on."""

import threading
import time

import pytest

from arb.adapters.local.memory_budget import ProcessBudget, own_bytes
from arb.domain.health.degradation import Degree

MB = 1024 * 1024


class Process:
    """What the budget is told of its process."""

    def __init__(self, taken=50 * MB, degree=Degree.FULL):
        self.taken, self.degree = taken, degree
        self.budget = ProcessBudget(100 * MB, lambda: self.taken, lambda: self.degree)


def test_a_chunk_is_an_eighth_of_the_budget_and_half_of_that_with_each_degree():
    process = Process()
    counts = []
    for process.degree in Degree:
        with process.budget.items(MB, 1_000) as count:
            counts.append(count)
    assert counts == [12, 6, 3, 1]


def test_nobody_gets_more_than_asked_for():
    with Process().budget.items(MB, 3) as count:
        assert count == 3


def test_an_item_that_is_larger_than_all_goes_alone():
    with Process().budget.items(500 * MB, 10) as count:
        assert count == 1


def test_eight_go_at_once_and_the_ninth_waits_for_one_of_them():
    process = Process()
    inside, most, done = [], [], threading.Event()

    def work():
        with process.budget.items(12 * MB, 1):
            inside.append(1)
            most.append(len(inside))
            done.wait(10)
            inside.pop()

    workers = [threading.Thread(target=work) for _ in range(9)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + 10
    while len(most) < 8 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    assert len(inside) == 8
    done.set()
    for worker in workers:
        worker.join(10)
    assert (len(most), max(most), inside) == (9, 8, [])


def test_what_the_process_took_besides_counts_and_stops_nobody_who_is_alone():
    process = Process()
    process.taken += 95 * MB
    with process.budget.items(10 * MB, 1) as count:
        assert count == 1
        waits = threading.Thread(target=lambda: process.budget.items(10 * MB, 1).__enter__(), daemon=True)
        waits.start()
        waits.join(0.3)
        assert waits.is_alive()
        process.taken -= 60 * MB
        waits.join(10)
        assert not waits.is_alive()


def test_a_chunk_that_fails_gives_its_memory_back():
    process = Process()
    for _ in range(20):
        with pytest.raises(ZeroDivisionError), process.budget.items(12 * MB, 1):
            raise ZeroDivisionError
    with process.budget.items(12 * MB, 1) as count:
        assert count == 1


def test_a_process_knows_what_it_takes():
    before = own_bytes()
    block = bytearray(32 * MB)
    block[::4096] = b"x" * len(block[::4096])
    assert own_bytes() - before > 30 * MB
