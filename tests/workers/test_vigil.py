"""A long-lived process keeps watch: it sweeps, does what CRITICAL means once, and then ends."""

import threading
from types import SimpleNamespace

from arb.domain.errors import StoreUnavailable
from arb.domain.health import Health, Level, Verdict
from arb.engine.emergency import Ending
from workers import vigil

ENDING = Ending(reason="", at_ns=0, rested=True, handed_over=(), left_working=0, snapshot="s")


class Engine:
    """An engine whose sweeps find what the test says."""

    def __init__(self, *levels: Level | None) -> None:
        self.levels = list(levels)
        self.stopped_for: list[str] = []
        self.watch = SimpleNamespace(run=self._sweep)
        self.emergency = SimpleNamespace(run=self._stop)
        self.revive = SimpleNamespace(run=self._revive)
        self.revivals = 0

    def _sweep(self) -> Verdict | None:
        level = self.levels.pop(0) if self.levels else None
        return None if level is None else Verdict({("ws_lag_ms", "upbit"): Health(level)})

    def _revive(self) -> tuple[()]:
        self.revivals += 1
        return ()

    def _stop(self, why: str) -> Ending:
        self.stopped_for.append(why)
        return ENDING


def test_critical_is_done_once_and_then_the_process_is_told_to_end(monkeypatch):
    monkeypatch.setattr(vigil, "LOOK_S", 0.001)
    engine, ended = Engine(Level.OK, None, Level.ERROR, Level.CRITICAL, Level.CRITICAL), threading.Event()
    watch = vigil.Vigil(on_critical=ended.set, build=lambda: engine)
    watch.start()
    assert ended.wait(10)
    assert engine.stopped_for == ["ws_lag_ms of upbit"]
    assert engine.levels == [Level.CRITICAL]
    assert engine.revivals == 2, "after each sweep that let it go on"


def test_without_a_database_it_waits_and_goes_on(monkeypatch):
    monkeypatch.setattr(vigil, "LOOK_S", 0.001)
    engine, ended, failures = Engine(Level.CRITICAL), threading.Event(), [StoreUnavailable("away")] * 3

    def build() -> Engine:
        if failures:
            raise failures.pop()
        return engine

    vigil.Vigil(on_critical=ended.set, build=build).start()
    assert ended.wait(10)
    assert engine.stopped_for == ["ws_lag_ms of upbit"]
