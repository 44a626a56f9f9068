"""Candles on disk: a Parquet file for each market and month, whole or not there, that says how far it goes.

`<folder>/<venue>/<coin>-<currency>/<year>-<month>.parquet`. How far a file was fetched stands in it, so that
a fetch that was killed goes on where the last whole file ends.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from arb.domain.errors import ConfigError
from arb.domain.market.candle import Candle
from arb.domain.market.ids import Symbol, Venue

COLUMNS: Final = ("opening", "high", "low", "closing", "volume")
SCHEMA: Final = pa.schema([("begins_s", pa.int64()), *((name, pa.float64()) for name in COLUMNS)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """How far one month is there: every candle that begins in this span."""

    from_s: int
    to_s: int  # before this
    interval_s: int


@dataclass(frozen=True, slots=True)
class CandleArchive:
    """The folder of fetched candles, a file for each market and month."""

    root: Path

    def months(self) -> list[tuple[Venue, Symbol, Path]]:
        """Return every file, by market and month."""
        found = []
        for venue in Venue:
            for path in sorted((self.root / venue.value).glob("*/*.parquet")):
                found.append((venue, Symbol(path.parent.name.replace("-", "/")), path))
        return found

    def path(self, venue: Venue, symbol: Symbol, month_s: int) -> Path:
        """Return where a month is."""
        name = datetime.fromtimestamp(month_s, UTC).strftime("%Y-%m.parquet")
        return self.root / venue.value / symbol.replace("/", "-") / name

    def fetched(self, path: Path) -> Fetched | None:
        """Return how far a month is there, None if it is not, or is no file of ours."""
        try:
            told = pq.read_schema(path).metadata or {}
            return Fetched(
                from_s=int(told[b"from_s"]), to_s=int(told[b"to_s"]), interval_s=int(told[b"interval_s"])
            )
        except (OSError, pa.ArrowInvalid, KeyError, ValueError):
            return None

    def read(self, path: Path) -> dict[int, Any]:
        """Return a month's rows by when they begin."""
        table = pq.read_table(path).to_pylist()
        return {row["begins_s"]: row for row in table}

    def add(self, path: Path, candles: Sequence[Candle], fetched: Fetched, before: dict[int, Any]) -> None:
        """Replace a month by what it was and these candles. Raises: ConfigError."""
        for each in candles:
            row = {name: float(getattr(each, name)) for name in COLUMNS}
            before[each.begins_s] = {"begins_s": each.begins_s, **row}
        told = {"from_s": fetched.from_s, "to_s": fetched.to_s, "interval_s": fetched.interval_s}
        schema = SCHEMA.with_metadata({name: str(value) for name, value in told.items()})
        table = pa.Table.from_pylist([before[begins_s] for begins_s in sorted(before)], schema=schema)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fetching-")
            with os.fdopen(handle, "wb") as file:
                pq.write_table(table, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError as error:
            raise ConfigError(f"--out: {path} cannot be written ({error.strerror})") from None


def month_of(moment_s: int) -> int:
    """Return when the month of a moment begins."""
    first = datetime.fromtimestamp(moment_s, UTC).replace(day=1, hour=0, minute=0, second=0)
    return int(first.timestamp())


def next_month(month_s: int) -> int:
    """Return when the month after that begins."""
    return month_of(month_s + 32 * 86_400)
