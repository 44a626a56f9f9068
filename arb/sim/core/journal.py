"""Ground truth: an append-only list of events, in memory and optionally in a JSONL file.

Each line is `{"seq":1,"ts_ns":...,"kind":...,...}`. A line is handed to the operating system in
one write before the event takes effect, so the file survives `kill -9` of the simulator. A last
line that was cut short is dropped on reading.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
import orjson

from arb.sim.core.events import Event


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place and time in the journal."""

    seq: int
    ts_ns: int
    event: Event

    def as_json(self) -> dict[str, Any]:
        """Return the flat shape that is written and served; amounts are strings."""
        body: dict[str, Any] = msgspec.to_builtins(self.event)
        return {"seq": self.seq, "ts_ns": self.ts_ns, **body}


class Journal:
    """Events since the beginning, `seq` counting from 1 without gaps."""

    def __init__(self, path: Path | None = None) -> None:
        self._recorded: list[Recorded] = []
        self._file = None
        if path is not None:
            self._restore(path)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def recorded(self) -> list[Recorded]:
        """Everything so far, oldest first; not to be changed by the reader."""
        return self._recorded

    def append(self, ts_ns: int, event: Event) -> Recorded:
        """Record `event` as having happened at `ts_ns`."""
        recorded = Recorded(len(self._recorded) + 1, ts_ns, event)
        if self._file is not None:
            os.write(self._file, orjson.dumps(recorded.as_json()) + b"\n")
        self._recorded.append(recorded)
        return recorded

    def since(self, seq: int, limit: int) -> list[Recorded]:
        """Return at most `limit` events after `seq`."""
        return self._recorded[seq : seq + limit]

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _restore(self, path: Path) -> None:
        if not path.exists():
            return
        raw = path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.truncate(path, len(whole))
        self._recorded = [_parse(line) for line in whole.splitlines()]


def _parse(line: bytes) -> Recorded:
    fields = orjson.loads(line)
    return Recorded(fields.pop("seq"), fields.pop("ts_ns"), msgspec.convert(fields, Event))
