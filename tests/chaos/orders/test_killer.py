"""The killer ends lives when the plan says so, each once, and leaves alone what must live."""

import signal

from arb.adapters.local.clock import ManualClock
from arb.chaos.orders.killer import Killer
from arb.chaos.orders.plan import LIVES_MS, lives_ms


def test_a_life_ends_when_it_is_due_and_not_before(victim):
    clock, running = ManualClock(), {"feed": victim.pid}
    killer = Killer(1, lambda: running, clock)
    killer.look()
    clock.advance_ms(next(lives_ms(1, "feed")) - 1)
    killer.look()
    assert victim.poll() is None
    clock.advance_ms(1)
    killer.look()
    assert victim.wait(timeout=10) == -signal.SIGKILL
    killer.look()  # still listed: it is not killed, nor counted, twice
    assert killer.kills == {"feed": 1}


def test_servers_are_never_killed(victim):
    clock = ManualClock()
    killer = Killer(1, lambda: {"postgres": victim.pid, "sim-upbit": victim.pid}, clock)
    killer.look()
    clock.advance_ms(max(high for _, high in LIVES_MS.values()) + 1)
    killer.look()
    assert victim.poll() is None
    assert not killer.kills


def test_what_is_gone_already_is_no_kill(victim):
    clock, running = ManualClock(), {"beat": victim.pid}
    killer = Killer(1, lambda: running, clock)
    killer.look()
    victim.kill()
    victim.wait()
    clock.advance_ms(LIVES_MS["beat"][1])
    killer.look()
    assert not killer.kills
