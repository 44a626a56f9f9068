"""Whoever sweeps, the thread of a process or beat's task, does what CRITICAL means, and then ends."""

import threading
from types import SimpleNamespace

import pytest
from celery.worker import state

from arb.domain.errors import StoreUnavailable
from arb.domain.health.judge import HealthLevel, SubjectHealth, Verdict
from arb.domain.risk.review import Mode
from arb.engine.kill.emergency import EmergencyReport
from config import addresses
from tests.engine.kill.test_emergency import Stopping
from tests.engine.testbed import SESSION, EngineTestbed
from workers import watchdog_thread

ENDING = EmergencyReport(reason="", at_ns=0, waited_ns=0, handed_over=(), snapshot="s")


class Engine:
    """An engine whose sweeps find what the test says."""

    def __init__(self, *levels: HealthLevel | None) -> None:
        self.levels = list(levels)
        self.stopped_for: list[str] = []
        watch, revive = SimpleNamespace(run=self._sweep), SimpleNamespace(run=self._revive)
        self.health = SimpleNamespace(watch=watch, revive=revive)
        self.kill = SimpleNamespace(emergency=SimpleNamespace(begin=self._stop, tend=self._tend))
        self.revivals, self.waits = 0, 3
        self.heartbeats = SimpleNamespace(beat=lambda *_: None)
        self.clock = SimpleNamespace(now_ns=lambda: 0)

    def _sweep(self) -> Verdict | None:
        level = self.levels.pop(0) if self.levels else None
        return None if level is None else Verdict({("ws_lag_ms", "upbit"): SubjectHealth(level)})

    def _revive(self) -> tuple[()]:
        self.revivals += 1
        return ()

    def _stop(self, why: str) -> bool:
        self.stopped_for.append(why)
        return len(self.stopped_for) == 1

    def _tend(self) -> EmergencyReport | None:
        """End at the third step of a stop that is under way."""
        if self.stopped_for:
            self.waits -= 1
        return ENDING if self.waits == 0 else None


def test_critical_begins_a_stop_that_is_tended_until_it_ends_this_process(monkeypatch):
    monkeypatch.setattr(watchdog_thread, "LOOK_S", 0.001)
    engine = Engine(
        HealthLevel.OK,
        None,
        HealthLevel.ERROR,
        HealthLevel.CRITICAL,
        None,
        HealthLevel.OK,
        HealthLevel.CRITICAL,
    )
    ended = threading.Event()
    watch = watchdog_thread.WatchdogThread(on_critical=ended.set, build=lambda: engine)
    watch.start()
    assert ended.wait(10)
    watch._thread.join(10)
    assert engine.stopped_for == ["ws_lag_ms of upbit"]
    assert engine.levels == [HealthLevel.CRITICAL], "it goes on sweeping, and is well meanwhile"
    assert engine.revivals == 4, "after each sweep: what settles the rest has to live"


def test_a_stop_that_another_process_began_is_tended_in_time_without_a_sweep(monkeypatch):
    monkeypatch.setattr(watchdog_thread, "LOOK_S", 0.001)
    engine, ended = Engine(), threading.Event()
    engine.stopped_for.append("what another process found")
    watchdog_thread.WatchdogThread(on_critical=ended.set, build=lambda: engine).start()
    assert ended.wait(10)


def test_without_a_database_it_waits_and_goes_on(monkeypatch):
    monkeypatch.setattr(watchdog_thread, "LOOK_S", 0.001)
    engine, ended, failures = Engine(HealthLevel.CRITICAL), threading.Event(), [StoreUnavailable("away")] * 3

    def build() -> Engine:
        if failures:
            raise failures.pop()
        return engine

    watchdog_thread.WatchdogThread(on_critical=ended.set, build=build).start()
    assert ended.wait(10)
    assert engine.stopped_for == ["ws_lag_ms of upbit"]


@pytest.fixture
def beats_task(monkeypatch):
    """Beat's task, run by this process on an engine of the test."""
    monkeypatch.setenv("ARB_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(state, "should_stop", None)
    from beat import tasks

    def run(engine: Engine) -> str | None:
        monkeypatch.setattr(tasks, "engine", lambda: engine)
        return tasks.watchdog.run()

    yield run
    addresses.settings.cache_clear()


def test_a_critical_that_beats_task_finds_stops_the_stack_and_ends_the_worker(beats_task):
    testbed, engine = EngineTestbed(), Engine(HealthLevel.CRITICAL)
    stop = Stopping(testbed)
    engine.kill.emergency = stop.emergency
    assert beats_task(engine) == "critical"
    assert testbed.sessions.get(SESSION).mode is Mode.HALTED
    assert [ending.reason for ending in stop.shut] == ["watchdog: ws_lag_ms of upbit"]
    assert state.should_stop == watchdog_thread.EXIT_CRITICAL


def test_less_than_critical_ends_nothing(beats_task):
    engine = Engine(HealthLevel.ERROR, None)
    assert (beats_task(engine), beats_task(engine)) == ("error", None)
    assert engine.stopped_for == []
    assert state.should_stop is None
    assert engine.revivals == 1
