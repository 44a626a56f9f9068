"""What every start does: nothing trades before it is explained, and then what was decided holds again."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import SeededEntropy
from arb.adapters.memory.snapshots import MemorySnapshotStore
from arb.adapters.memory.states import MemoryStateStore
from arb.app.session import SessionPlace, begin_trading, go_on, resume_session, standing
from arb.domain.errors import ConfigError
from arb.domain.health.degradation import DegradationRules
from arb.domain.health.judge import Reading
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.health.degrade import Degrade
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume
from arb.stack.shutdown import silent
from tests.engine.kill.test_emergency import Stopping
from tests.engine.testbed import SESSION, EngineTestbed

DECIDED = [
    (Mode.REDUCE_ONLY, "upbit suspended its wallet"),
    (Mode.HALTED, "by hand"),
    (Mode.HALTED, f"{reason_text(Cause.KILLED)}storm"),
    (Mode.HALTED, "watchdog: beat_age_ms of beat"),
]
PASSES = [
    (Mode.NORMAL, "the feeds are back"),
    (Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK)),
    (Mode.REDUCE_ONLY, reason_text(Cause.NO_ROOM)),
    (Mode.HALTED, reason_text(Cause.NO_FEED)),
]


class Stack:
    """A testbed as the parts of an engine that a start needs, and the starts and ends of its session."""

    def __init__(self) -> None:
        self.testbed = EngineTestbed()
        testbed = self.testbed
        self.states = MemoryStateStore()
        snapshots = MemorySnapshotStore(testbed.tables)
        keeper = KeepHotState(
            session_id=SESSION, states=self.states, snapshots=snapshots, sessions=testbed.sessions,
            counters=testbed.counters, clock=testbed.clock,
        )  # fmt: skip
        self.engine = SimpleNamespace(
            session_id=SESSION, sessions=testbed.sessions, trades=testbed.trades, clock=testbed.clock,
            kill_switch=testbed.switch, trading=SimpleNamespace(sweep=testbed.sweep),
            kill=SimpleNamespace(emergency=Stopping(testbed).emergency, drain=testbed.drain),
            ledger=SimpleNamespace(reconcile=testbed.reconcile),
            state=SimpleNamespace(
                resume=Resume(
                    session_id=SESSION, snapshots=snapshots, trades=testbed.trades, hot_state=keeper,
                    dispatcher=testbed.dispatcher, clock=testbed.clock,
                )
            ),
        )  # fmt: skip
        self.told: list[str] = []

    @property
    def stands(self) -> tuple[Mode, str]:
        session = self.testbed.sessions.get(SESSION)
        return session.mode, session.mode_reason

    @property
    def recoveries(self) -> list[str]:
        return [each.cause for each in self.testbed.sessions.recoveries(SESSION, 9)]

    def decide(self, mode: Mode, reason: str) -> None:
        self.testbed.sessions.set_mode(SESSION, mode, reason, self.testbed.clock.now_ns())

    def stop(self) -> None:
        self.testbed.drain.begin(reason_text(Cause.STOPPING))

    def choose(self) -> None:
        place = SessionPlace(environment="mock")
        testbed = self.testbed
        assert (
            resume_session(testbed.sessions, testbed.trades, place, testbed.clock, SeededEntropy(1))
            == SESSION
        )

    def go_on(self, ready=lambda: None) -> None:
        go_on(self.engine, self.testbed.clock.now_ns(), ready, self.told.append)


@pytest.fixture
def stack():
    return Stack()


@pytest.mark.parametrize("ends", ["stop", "crash", "stop crash stop"])
@pytest.mark.parametrize(("mode", "reason"), DECIDED)
def test_what_was_decided_holds_after_any_number_of_starts(stack, mode, reason, ends):
    stack.decide(mode, reason)
    for end in ends.split():
        if end == "stop":
            stack.stop()
        stack.choose()
        begin_trading(stack.engine, silent)
    assert stack.stands == (mode, reason)


@pytest.mark.parametrize("stop", [True, False])
@pytest.mark.parametrize(("mode", "reason"), PASSES)
def test_what_passes_is_over_after_a_start(stack, mode, reason, stop):
    stack.decide(mode, reason)
    if stop:
        stack.stop()
    stack.choose()
    begin_trading(stack.engine, silent)
    assert stack.stands == (Mode.NORMAL, reason_text(Cause.RECONCILED))


def test_a_decision_below_what_passes_holds_after_a_crash_in_the_middle_of_a_start(stack):
    stack.decide(Mode.REDUCE_ONLY, "by hand")
    stack.stop()
    stack.choose()
    stack.choose()
    assert stack.stands == (Mode.HALTED, reason_text(Cause.STARTING))
    stack.go_on()
    assert stack.stands == (Mode.REDUCE_ONLY, "by hand")
    assert (
        standing(stack.engine) == "session testbed runs and is reduce-only until `arb mode normal` (by hand)"
    )


@pytest.mark.parametrize(("mode", "reason"), [*PASSES, DECIDED[0]])
def test_nothing_is_opened_or_closed_before_it_is_explained(stack, mode, reason):
    stack.decide(mode, reason)
    stack.choose()
    assert stack.stands == (Mode.HALTED, reason_text(Cause.STARTING))


def test_room_on_the_disk_does_not_end_a_start(stack):
    testbed = stack.testbed
    degrade = Degrade(
        session_id=SESSION, rules=DegradationRules(gauges={}, margin=Decimal("0.2"), calm_ns=1), board=None,
        machine=None, disk_mb_min=Decimal(100), sessions=testbed.sessions, alerts=testbed.reconcile.alerts,
        counters=testbed.counters, journal=None, clock=testbed.clock,
    )  # fmt: skip
    degrade.watch_disks([Reading("disk_free_mb", "/", Decimal(10))])
    assert stack.stands == (Mode.REDUCE_ONLY, reason_text(Cause.NO_ROOM))
    stack.choose()
    degrade.watch_disks([Reading("disk_free_mb", "/", Decimal(5_000))])
    assert stack.stands == (Mode.HALTED, reason_text(Cause.STARTING))


def test_whoever_halts_during_a_start_has_the_last_word(stack):
    stack.choose()
    stack.go_on(ready=lambda: stack.decide(Mode.HALTED, "by hand"))
    assert stack.stands == (Mode.HALTED, "by hand")


def test_a_kill_that_only_the_switch_knows_holds(stack):
    stack.testbed.switch.engage("storm", 0)
    stack.choose()
    stack.go_on()
    assert stack.stands == (Mode.HALTED, f"{reason_text(Cause.KILLED)}storm")


def test_a_start_rebuilds_the_copy_before_it_waits_and_is_written_down_after_it(stack):
    found = []
    stack.choose()
    stack.go_on(ready=lambda: found.append((stack.states.load(SESSION) is not None, stack.recoveries)))
    assert found == [(True, [])]
    assert stack.recoveries == ["killed"]
    assert stack.told[0] == "session testbed: no snapshot"


def test_how_a_session_ended_is_known_though_another_process_halted_it_for_the_start(stack):
    stack.stop()
    stack.choose()  # as `arb migrate` does, before the container that goes on
    stack.choose()
    stack.go_on()
    assert stack.recoveries == ["stopped"]


def test_a_new_session_has_nothing_to_recover_from(stack):
    testbed = stack.testbed
    testbed.tables.mode_changes.clear()
    stack.decide(Mode.HALTED, reason_text(Cause.STARTING))
    stack.go_on()
    assert stack.recoveries == []
    assert stack.told[0] == "opening the books"
    assert standing(stack.engine) == "session testbed is trading"


def test_what_cannot_be_rebuilt_does_not_trade(stack):
    stack.choose()
    balances = stack.testbed.tables.balances[SESSION]
    balances[min(balances)] += 1
    with pytest.raises(ConfigError, match="trading stays halted"):
        stack.go_on(ready=lambda: pytest.fail("it went on"))
    assert stack.stands == (Mode.HALTED, reason_text(Cause.STARTING))
