"""The page's kill switch: on at once, brought to rest behind, once at a time."""

import threading
import time

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.kill_switch import FileKillSwitch
from arb.engine.kill.kill import KillReport
from arb.web.kill import KillFromPage


def until(holds):
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_switch_is_on_before_anything_else_is_done(tmp_path):
    switch, gate = FileKillSwitch(tmp_path / "kill.json"), threading.Event()
    asked = []

    def bring_to_rest(reason, since_ns):
        asked.append((reason, switch.engaged()))
        gate.wait(5)
        return KillReport(reason=reason, no_new_intents_ms=3)

    kill = KillFromPage(switch, bring_to_rest, ManualClock())
    assert kill.engage("one") == "one"
    assert switch.engaged() == "one"
    assert kill.engage("two") == "one", "the first reason stays"
    assert kill.state()["busy"]
    gate.set()
    until(lambda: kill.state()["report"])
    assert asked == [("one", "one")], "a second press while it is busy starts nothing"
    assert kill.state()["report"]["no_new_intents_ms"] == 3
    assert not kill.state()["busy"]


def test_a_report_is_there_once_the_next_kill_may_be_asked_for(tmp_path, monkeypatch):
    reached, gate = threading.Event(), threading.Event()

    class SlowLog:
        def warning(self, event, **_facts):
            if event == "kill_done":
                reached.set()
                gate.wait(5)

    monkeypatch.setattr("arb.web.kill.log", SlowLog())
    switch = FileKillSwitch(tmp_path / "kill.json")
    kill = KillFromPage(switch, lambda reason, since_ns: KillReport(reason=reason), ManualClock())
    kill.engage("one")
    assert reached.wait(5)
    assert (kill.state()["busy"], kill.state()["report"]) == (True, None)
    gate.set()
    until(lambda: kill.state()["report"])
    assert not kill.state()["busy"]
    reached.clear()
    gate.clear()
    kill.engage("two")
    assert reached.wait(5)
    assert (kill.state()["busy"], kill.state()["report"]) == (True, None), "no report of an earlier kill"
    gate.set()
    until(lambda: not kill.state()["busy"])


def test_after_it_was_let_go_on_the_page_forgets(tmp_path):
    switch = FileKillSwitch(tmp_path / "kill.json")
    kill = KillFromPage(switch, lambda reason, since_ns: KillReport(reason=reason), ManualClock())
    kill.engage("test")
    until(lambda: kill.state()["report"])
    switch.release()
    assert kill.state() == {"engaged": None, "busy": False, "report": None, "text": None}
    assert kill.engage("again") == "again"
    until(lambda: not kill.state()["busy"])
