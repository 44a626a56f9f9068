"""Each line is in the file of its own day, whatever clocks and other processes do."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from arb.adapters.local.log_files import DAY_S, SharedDailyFile

TODAY = 30_000  # days since the epoch: 2052-02-20, so that the time of a file is late for its lines
NAMES = {TODAY - 1: "some.log.2052-02-19", TODAY: "some.log.2052-02-20", TODAY + 1: "some.log.2052-02-21"}


@pytest.fixture
def log(tmp_path):
    made = SharedDailyFile(tmp_path / "some.log", 7)
    yield made
    made.close()


def append(log: SharedDailyFile, line: str, day: int) -> None:
    log.append(line, day * DAY_S + 60)


def lines(folder: Path, day: int | None = None) -> list[str]:
    return (folder / ("some.log" if day is None else NAMES[day])).read_text().splitlines()


def everything(folder: Path) -> Counter[str]:
    """Return the lines of all files together."""
    files = (path for path in folder.glob("some.log*") if not path.is_symlink())
    return Counter(line for path in files for line in path.read_text().splitlines())


def written_before(path: Path, day: int) -> None:
    """Let a file look as if its last line were of that day."""
    os.utime(path, (day * DAY_S, day * DAY_S))


def test_a_file_whose_time_is_late_is_the_file_of_its_lines(log, tmp_path):
    for line in ("one", "two", "three"):
        append(log, line, TODAY)
    assert everything(tmp_path) == Counter(["one", "two", "three"])
    assert lines(tmp_path, TODAY) == lines(tmp_path) == ["one", "two", "three"]


def test_a_clock_that_is_set_back_over_midnight_loses_no_line(log, tmp_path):
    for number, day in enumerate((TODAY, TODAY + 1, TODAY, TODAY + 1)):
        append(log, str(number), day)
        written_before(tmp_path / "some.log", day)
    assert everything(tmp_path) == Counter("0123")
    assert (lines(tmp_path, TODAY), lines(tmp_path, TODAY + 1)) == (["0", "2"], ["1", "3"])
    assert lines(tmp_path) == ["1", "3"]


def test_a_file_that_was_removed_is_made_again(log, tmp_path):
    append(log, "gone", TODAY)
    (tmp_path / NAMES[TODAY]).unlink()
    append(log, "there", TODAY)
    assert lines(tmp_path) == ["there"]


def test_as_many_days_are_kept_as_the_settings_say(tmp_path):
    log = SharedDailyFile(tmp_path / "some.log", 1)
    for day in NAMES:
        append(log, "line", day)
    assert not (tmp_path / NAMES[TODAY - 1]).exists()
    assert lines(tmp_path, TODAY) == lines(tmp_path, TODAY + 1) == ["line"]
    log.close()


@pytest.mark.parametrize("day", [TODAY - 1, TODAY])
def test_what_an_earlier_version_wrote_is_kept_as_the_file_of_its_day(log, tmp_path, day):
    (tmp_path / "some.log").write_text("earlier\n")
    written_before(tmp_path / "some.log", day)
    append(log, "now", TODAY)
    assert lines(tmp_path, day)[0] == "earlier"
    assert lines(tmp_path)[-1] == "now"


def test_a_file_whose_day_has_another_one_is_left_alone(log, tmp_path):
    (tmp_path / "some.log").write_text("by hand\n")
    written_before(tmp_path / "some.log", TODAY)
    (tmp_path / NAMES[TODAY]).write_text("first\n")
    append(log, "second", TODAY)
    assert (lines(tmp_path), lines(tmp_path, TODAY)) == (["by hand"], ["first", "second"])


WRITER = """
import sys
from pathlib import Path
from arb.adapters.local.log_files import SharedDailyFile
path, writer, midnight_s = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = SharedDailyFile(path, 7)
print("ready", flush=True)
sys.stdin.readline()
for number in range(-200, 200):
    log.append(f"{writer} {number} " + "x" * 200, midnight_s + number / 100)
"""


def test_processes_that_cross_midnight_together_lose_and_tear_no_line(tmp_path):
    (tmp_path / "some.log").write_text("earlier\n")
    written_before(tmp_path / "some.log", TODAY)
    midnight_s = str((TODAY + 1) * DAY_S)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "some.log"), str(each), midnight_s],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for each in range(4)
    ]  # fmt: skip
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 4
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 4
    expected = Counter(f"{each} {number} " + "x" * 200 for each in range(4) for number in range(-200, 200))
    assert everything(tmp_path) == expected + Counter(["earlier"])
    found = {day: lines(tmp_path, day) for day in (TODAY, TODAY + 1)}
    assert found[TODAY][0] == "earlier"
    assert all(" -" in line for line in found[TODAY][1:])
    assert not any(" -" in line for line in found[TODAY + 1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some.log", NAMES[TODAY], NAMES[TODAY + 1]]
