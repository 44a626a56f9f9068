"""What counts as memory of a process: what it holds for itself, and not what a file is behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from arb.stack.memory import anonymous_bytes, anonymous_of, resident_bytes

MB = 1_048_576
HELD_MB = 40
HOLD = f"held = bytearray(b'x' * ({HELD_MB} * {MB}))"
MAP = "import mmap; file = open(PATH, 'rb'); held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)"
BELOW = "import subprocess, sys; below = subprocess.Popen([sys.executable, '-c', INNER])"
WAIT = "; print('there', flush=True); import sys; sys.stdin.read()"


@contextmanager
def running(code: str) -> Iterator[int]:
    """A process that has run this code and waits; gives its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", code + WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        yield process.pid
        process.kill()


def total(pid: int) -> int:
    return sum(anonymous_bytes(pid).values())


def test_what_a_process_holds_counts():
    with running("pass") as small, running(HOLD) as big:
        assert total(big) - total(small) > (HELD_MB - 2) * MB


def test_a_mapped_file_does_not_count(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(HELD_MB * MB))
    with running("pass") as small, running(f"PATH = {str(path)!r}; {MAP}; held[:]") as big:
        assert total(big) - total(small) < HELD_MB / 2 * MB
        assert resident_bytes(big) - resident_bytes(small) > HELD_MB / 2 * MB


def test_what_runs_below_counts_as_well_unless_one_alone_is_asked_for():
    inner = HOLD + "; print('there', flush=True); import sys; sys.stdin.read()"
    waiting = "; import time; time.sleep(1)"
    with running(f"INNER = {inner!r}; {BELOW}{waiting}") as top:
        alone = anonymous_of(psutil.Process(top))
        assert total(top) - alone > (HELD_MB - 2) * MB


def test_a_process_that_is_gone_has_none():
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    assert anonymous_bytes(gone.pid) == anonymous_bytes(None) == {}
