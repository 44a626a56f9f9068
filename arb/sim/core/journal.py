"""Ground truth: an append-only list of events in a JSONL file, which a restart reads back.

Each line is `{"seq":1,"ts_ns":...,"kind":...,...}`. A line is handed to the operating system in
one write before the event takes effect, so the file survives `kill -9` of the simulator. A last
line that was cut short is dropped on reading. Only a few places in the file are in memory.
"""

import os
import tempfile
import weakref
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from arb.sim.core.events import Event

CHUNK_BYTES: Final = 1 << 16
EVENTS_PER_MARK: Final = 1_000


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place and time in the journal."""

    seq: int
    ts_ns: int
    event: Event

    def as_json(self) -> dict[str, Any]:
        """Return the flat shape that is written and served; amounts are strings."""
        body: dict[str, Any] = msgspec.to_builtins(self.event)
        return {"seq": self.seq, "ts_ns": self.ts_ns, **body}


class VenueJournal:
    """Events since the beginning, `seq` counting from 1 without gaps. Without a path it has no name."""

    def __init__(self, path: Path | None = None) -> None:
        self.directory = path.parent if path is not None else None
        self.last_seq = 0
        self.last_ts_ns = 0
        self._size = 0
        self._marks: list[int] = []  # where in the file every thousandth event begins
        self._file = _nameless() if path is None else _named(path)
        self._close = weakref.finalize(self, os.close, self._file)
        self._restore()

    def append(self, ts_ns: int, event: Event) -> Recorded:
        """Record `event` as having happened at `ts_ns`."""
        recorded = Recorded(self.last_seq + 1, ts_ns, event)
        line = orjson.dumps(recorded.as_json()) + b"\n"
        os.write(self._file, line)
        self._count(ts_ns, len(line))
        return recorded

    def replay(self) -> Iterator[Recorded]:
        """Return everything so far, oldest first."""
        return self._read(0)

    def since(self, seq: int, limit: int) -> list[Recorded]:
        """Return at most `limit` events after `seq`."""
        if seq >= self.last_seq:
            return []
        mark, skipped = divmod(seq, EVENTS_PER_MARK)
        return list(islice(self._read(self._marks[mark]), skipped, skipped + limit))

    def close(self) -> None:
        """Close the file."""
        self._close()

    def _restore(self) -> None:
        """Find the end of what was written whole."""
        for line in _lines(self._file, 0):
            self._count(orjson.loads(line)["ts_ns"], len(line))
        os.ftruncate(self._file, self._size)

    def _count(self, ts_ns: int, size: int) -> None:
        if self.last_seq % EVENTS_PER_MARK == 0:
            self._marks.append(self._size)
        self.last_seq += 1
        self.last_ts_ns = ts_ns
        self._size += size

    def _read(self, start: int) -> Iterator[Recorded]:
        return map(_parse, _lines(self._file, start))


def _named(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)


def _nameless() -> int:
    handle, path = tempfile.mkstemp(prefix="journal-")
    os.unlink(path)
    return handle


def _lines(file: int, start: int) -> Iterator[bytes]:
    """Return the whole lines from a place on."""
    rest = b""
    while chunk := os.pread(file, CHUNK_BYTES, start):
        start += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)


def _parse(line: bytes) -> Recorded:
    fields = orjson.loads(line)
    return Recorded(fields.pop("seq"), fields.pop("ts_ns"), msgspec.convert(fields, Event))
