"""Coming to rest stops a session, and keeps the reason of whoever stopped it first."""

from dataclasses import replace

from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.engine.kill.drain import PAUSE_MS, RESTS_IN_A_ROW, Drain
from tests.engine.races import Raced
from tests.engine.testbed import SESSION, EngineTestbed


def test_a_drain_halts_with_its_reason():
    testbed = EngineTestbed()
    testbed.drain.begin("stopping")
    session = testbed.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "stopping")


def test_what_halts_a_session_while_its_drain_begins_keeps_its_reason():
    testbed = EngineTestbed()
    replace(testbed.drain, sessions=Raced(testbed.sessions)).begin("stopping")
    assert testbed.sessions.get(SESSION).mode_reason == Raced.REASON


def test_what_restricts_a_session_while_its_drain_begins_is_halted_all_the_same():
    testbed = EngineTestbed()
    replace(testbed.drain, sessions=Raced(testbed.sessions, mode=Mode.REDUCE_ONLY)).begin("stopping")
    session = testbed.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "stopping")


def open_pair(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def run_all(testbed: EngineTestbed) -> None:
    while testbed.pending:
        testbed.run_one()


def test_where_nothing_was_opened_is_rest():
    assert EngineTestbed().drain.at_rest()


def test_an_intent_that_nobody_sent_yet_is_no_rest():
    testbed = EngineTestbed()
    open_pair(testbed)
    assert not testbed.drain.at_rest()


def test_a_hedged_pair_rests():
    testbed = EngineTestbed()
    open_pair(testbed)
    run_all(testbed)
    assert testbed.drain.at_rest()


def test_orders_that_are_over_and_not_settled_are_no_rest():
    testbed = EngineTestbed()
    open_pair(testbed)
    testbed.die_at_ends()
    for _ in range(2):
        testbed.run_one()
    assert not testbed.trades.working(SESSION)
    assert not testbed.drain.at_rest()


def test_rest_is_waited_for_until_it_lasted():
    testbed = EngineTestbed()
    assert testbed.drain.wait(10_000)
    assert testbed.clock.slept_ms == [PAUSE_MS] * RESTS_IN_A_ROW


def test_a_moment_of_rest_is_not_enough():
    """A pair is closed by an evaluation that began before the mode changed."""
    testbed, looks = EngineTestbed(), iter([True, True, False])
    drain = Restless(testbed.drain, looks)
    assert drain.wait(10_000)
    assert len(testbed.clock.slept_ms) == 3 + RESTS_IN_A_ROW


class Restless(Drain):
    """Rests as a test says, and then for good."""

    def __init__(self, drain: Drain, looks) -> None:
        for name in ("session_id", "trades", "sessions", "clock"):
            object.__setattr__(self, name, getattr(drain, name))
        object.__setattr__(self, "looks", looks)

    def at_rest(self) -> bool:
        return next(self.looks, True)


def test_what_does_not_come_to_rest_in_time_is_said_to():
    testbed = EngineTestbed()
    open_pair(testbed)
    began_ns = testbed.clock.now_ns()
    assert not testbed.drain.wait(1_000)
    assert testbed.clock.now_ns() - began_ns == 1_000 * NS_PER_MS


def test_a_clock_set_back_does_not_make_the_wait_longer():
    testbed = EngineTestbed()
    open_pair(testbed)
    sleep = testbed.clock.sleep_ms

    def set_back(duration_ms):
        sleep(duration_ms)
        testbed.clock.set_back_ms(duration_ms)

    testbed.clock.sleep_ms = set_back
    assert not testbed.drain.wait(1_000)
    assert len(testbed.clock.slept_ms) == 1_000 / PAUSE_MS
