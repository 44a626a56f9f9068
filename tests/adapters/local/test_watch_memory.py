"""What sweeps remember survives processes; turns go to one of them, and on when it falls silent."""

import json
import multiprocessing
from decimal import Decimal
from pathlib import Path

from arb.adapters.local.clock import ManualClock, SystemClock
from arb.adapters.local.shared_file import SIZE_BYTES, SharedFile
from arb.adapters.local.watch_memory import FileHealthMemory
from arb.domain.health.judge import HealthLevel, Reading, Rule, SubjectHealth, Verdict, judge
from arb.domain.time import NS_PER_S
from arb.engine.health.monitor import StandingAlert, Stood
from arb.ports.market import Clock


def memory(path, owner: str, clock: Clock | None = None) -> FileHealthMemory:
    file = SharedFile(path, clock or ManualClock())
    return FileHealthMemory(file=file, owner=owner, interval_ns=5 * NS_PER_S)


def test_one_process_keeps_the_turns_and_another_takes_over_when_it_is_silent(tmp_path):
    one, two = (memory(tmp_path / "watch.json", name) for name in ("one", "two"))
    assert one.take_turn(100 * NS_PER_S)
    assert not one.take_turn(101 * NS_PER_S)
    assert not two.take_turn(105 * NS_PER_S)
    assert one.take_turn(105 * NS_PER_S)
    assert not two.take_turn(110 * NS_PER_S)
    assert two.take_turn(115 * NS_PER_S)
    assert not one.take_turn(116 * NS_PER_S)


def left(kept: FileHealthMemory) -> tuple[dict, dict]:
    """Return the healths and the conditions that are kept, changing nothing."""
    verdict = kept.judge(lambda before: Verdict(before))
    stood = kept.stand(lambda before: Stood(before))
    return dict(verdict.healths), dict(stood.conditions)


def test_what_was_found_is_there_for_the_next_process(tmp_path):
    found = {("ws_lag_ms", "upbit"): SubjectHealth(HealthLevel.ERROR, 2, 5, 6, 4)}
    standing = {"redis_unreachable": StandingAlert(5, told=True)}
    one = memory(tmp_path / "watch.json", "one")
    one.judge(lambda _before: Verdict(found))
    one.stand(lambda _before: Stood(standing))
    assert left(memory(tmp_path / "watch.json", "two")) == (found, standing)


def test_a_torn_file_reads_as_nothing_and_is_written_again(tmp_path):
    path = tmp_path / "watch.json"
    path.write_text('{"healths": {"ws_l')
    torn = memory(path, "one")
    assert left(torn) == ({}, {})
    assert torn.take_turn(100 * NS_PER_S)
    assert json.loads(path.read_text())["turn"]["owner"] == "one"


def test_the_file_never_grows_so_that_a_full_disk_cannot_take_it_away(tmp_path):
    file = SharedFile(tmp_path / "file.json", SystemClock())
    for number in range(20):
        file.update(lambda document, number=number: document.update({str(number): "x" * 100}))
        assert (tmp_path / "file.json").stat().st_size == SIZE_BYTES


def test_without_a_place_for_the_file_a_process_remembers_for_itself(tmp_path):
    (tmp_path / "file").write_text("in the way")
    alone = memory(tmp_path / "file" / "watch.json", "one")
    rules = {"lag": Rule(name="lag", warn=Decimal(1), limit=Decimal(2))}
    readings = [Reading("lag", "upbit", Decimal(3))]
    verdict = alone.judge(lambda before: judge(rules, readings, before, NS_PER_S, NS_PER_S))
    assert left(alone) == (verdict.healths, {})


def _count(path: str, times: int) -> None:
    file = SharedFile(path=Path(path), clock=SystemClock())
    for _ in range(times):
        file.update(lambda document: document.update(count=document.get("count", 0) + 1))


def _judge_often(path: str, subject: str, times: int) -> None:
    """Add one counted error after another to a subject of its own; waiting for the lock takes real time."""
    kept = memory(Path(path), subject, SystemClock())
    key = ("lag", subject)
    for number in range(times):
        kept.judge(lambda before, n=number: Verdict({**before, key: SubjectHealth(HealthLevel.ERROR, n + 1)}))


def test_sweeps_that_overlap_keep_each_others_findings(tmp_path):
    path = tmp_path / "watch.json"
    context = multiprocessing.get_context("spawn")
    sweepers = [context.Process(target=_judge_often, args=(str(path), name, 50)) for name in ("one", "two")]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()
    healths, _ = left(memory(path, "three"))
    assert {key: health.errors for key, health in healths.items()} == {("lag", "one"): 50, ("lag", "two"): 50}


def test_processes_take_turns_to_write(tmp_path):
    path = tmp_path / "count.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_count, args=(str(path), 100)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert SharedFile(path, SystemClock()).read() == {"count": 300}
