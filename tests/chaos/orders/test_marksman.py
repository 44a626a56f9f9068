"""The marksman kills whoever evaluates while it has an order in hand, and nobody else."""

import signal

from arb.adapters.local.clock import ManualClock
from arb.chaos.orders.marksman import AIMED, Marksman
from arb.domain.errors import StoreUnavailable


def test_it_waits_for_its_moment_and_fires_a_little_later(victim):
    clock, looks = ManualClock(), iter([False, False, True])
    marksman = Marksman(1, lambda: {"worker-evaluate": victim.pid}, lambda: next(looks), clock)
    marksman.shoot(7)
    assert victim.wait(timeout=10) == -signal.SIGKILL
    assert clock.slept_ms[-1] == 7
    assert marksman.kills == {AIMED: 1}


def test_it_kills_nobody_else(victim):
    running = {"worker-orders": victim.pid, "feed": victim.pid}
    marksman = Marksman(1, lambda: running, lambda: True, ManualClock())
    marksman.shoot(0)
    assert victim.poll() is None
    assert not marksman.kills


def test_a_store_that_is_away_shows_it_nobody(victim):
    answers = iter([StoreUnavailable("away"), True])

    def look() -> bool:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    marksman = Marksman(1, lambda: {"worker-evaluate": victim.pid}, look, ManualClock())
    marksman.shoot(0)
    assert marksman.kills == {AIMED: 1}


def test_what_is_gone_already_is_no_kill(victim):
    victim.kill()
    victim.wait()
    marksman = Marksman(1, lambda: {"worker-evaluate": victim.pid}, lambda: True, ManualClock())
    marksman.shoot(0)
    assert not marksman.kills
