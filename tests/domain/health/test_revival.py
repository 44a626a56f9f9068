"""Who is frozen or deaf, and what must not be taken for it."""

from itertools import pairwise

import pytest

from arb.domain.health.revival import Memory, RevivalRules, Worker, blind, look

S = 1_000_000_000
NOW = 1_700_000_000 * S
RULES = RevivalRules(after_ns=45 * S, gap_ns=20 * S, pause_ns=120 * S, hourly_max=3)


def worker(program="worker-orders", queue="orders", **changes):
    """Return a worker that is well at NOW."""
    return Worker(
        program=program, queue=queue, **({"up_ns": 900 * S, "sign_ns": NOW, "took_ns": NOW} | changes)
    )


def watched(times, workers_at, depth=1, memory=None):
    """Look every 5 s; return the memory and all findings with when they were made."""
    memory, found = memory or Memory(), []
    for at_s in times:
        now_ns = NOW + at_s * S
        memory, findings = look(memory, workers_at(now_ns), {"orders": depth}, now_ns, RULES)
        found += [(at_s, finding.why, finding.permitted) for finding in findings]
    return memory, found


def deaf(now_ns):
    return [worker(sign_ns=now_ns, up_ns=now_ns - NOW + 900 * S)]


def frozen(now_ns):
    return [worker(up_ns=now_ns - NOW + 900 * S)]


def test_a_deaf_worker_is_found_once_in_each_pause_and_then_given_up():
    _, found = watched(range(0, 700, 5), deaf)
    why = "nothing was taken from the queue orders for"
    assert all(text.startswith(why) for _, text, _ in found)
    assert [(at_s, permitted) for at_s, _, permitted in found] == [
        (45, True),
        (165, True),
        (285, True),
        (405, False),
        (525, False),
        (645, False),
    ]


def test_a_frozen_worker_is_found_whatever_waits():
    _, found = watched(range(0, 100, 5), frozen, depth=0)
    assert found == [(45, "no sign of life for 45 s", True)]


def test_an_empty_queue_makes_nobody_deaf():
    assert watched(range(0, 600, 5), deaf, depth=0)[1] == []


def test_who_takes_something_now_and_then_is_busy_and_not_deaf():
    def busy(now_ns):
        return [worker(sign_ns=now_ns, took_ns=now_ns - (now_ns - NOW) % (40 * S))]

    assert watched(range(0, 600, 5), busy)[1] == []


def test_a_queue_that_one_of_two_consumes_is_not_deaf():
    def two(now_ns):
        return [*deaf(now_ns), worker("worker-orders-2", sign_ns=now_ns, took_ns=now_ns)]

    assert watched(range(0, 600, 5), two)[1] == []


def test_a_message_that_has_just_come_to_a_quiet_queue_is_waited_for():
    memory, found = watched(range(0, 600, 5), deaf, depth=0)
    _, late = watched(range(600, 640, 5), deaf, memory=memory)
    assert (found, late) == ([], [])


def test_one_that_has_just_started_gets_its_time():
    def young(now_ns):
        return [worker(up_ns=10 * S, sign_ns=0, took_ns=0)]

    assert watched(range(0, 600, 5), young)[1] == []


def test_nothing_is_concluded_from_what_nobody_could_see():
    memory, _ = watched(range(0, 40, 5), frozen)
    memory = blind(memory, NOW + 40 * S)
    _, found = watched(range(45, 120, 5), frozen, memory=memory)
    assert [at_s for at_s, _, _ in found] == [85], "45 s after the last blind look"


def test_a_machine_that_slept_restarts_nobody_when_it_wakes():
    memory, _ = watched(range(0, 40, 5), frozen)
    _, found = watched([3_600], frozen, memory=memory)
    assert found == []


@pytest.mark.parametrize("hours", [1, 2])
def test_an_hour_later_it_is_permitted_again(hours):
    _, found = watched(range(0, hours * 3_600 + 700, 5), deaf)
    permitted = [at_s for at_s, _, permitted in found if permitted]
    assert all(later - earlier >= 120 for earlier, later in pairwise(permitted))
    assert len([at_s for at_s in permitted if at_s < 3_600]) <= 3
    assert any(at_s >= 3_600 for at_s in permitted)
