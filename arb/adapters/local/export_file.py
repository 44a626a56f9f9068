"""Rows as a file for elsewhere, CSV or Parquet: whole or not there, in bounded memory, amounts exact.

CSV has amounts as text to the last digit and times with their offset. Parquet has decimal128 with 18 digits
after the point, to which products beyond that are rounded, and times in UTC to the nanosecond.
"""

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from decimal import Context, Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, Final

from arb.domain.errors import ConfigError
from arb.domain.market.money import plain
from arb.domain.time import NS_PER_S, NS_PER_US

TIMES: Final = "_ns"  # how the names of columns that are times end
WHOLE: Final = frozenset({"entry_id", "line"})
AMOUNTS: Final = ("price", "quantity", "value", "fee", "amount", "residual")
AMOUNT_ENDS: Final = ("_krw", "_usdt", "_bps", "_base", "_quote", "_coin", "_so_far")
DIGITS, PLACES = 38, 18
STEP: Final = Decimal(1).scaleb(-PLACES)
EXACT: Final = Context(prec=DIGITS)
AT_ONCE: Final = 5_000
Rows = Iterator[Sequence[Any]]


def write_csv(path: Path, columns: Sequence[str], rows: Rows, zone: tzinfo | None) -> int:
    """Write the file and return how many rows it has. Raises: OSError."""
    written = 0
    with _Replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.removesuffix(TIMES) for column in columns])
        for row in rows:
            writer.writerow([_text(name, value, zone) for name, value in zip(columns, row, strict=True)])
            written += 1
    return written


def write_parquet(path: Path, columns: Sequence[str], rows: Rows, _zone: tzinfo | None) -> int:
    """Write the file and return how many rows it has. Raises: OSError, ConfigError without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ConfigError("--format parquet needs pyarrow: `pip install pyarrow`, or take csv") from None
    fields = [(name.removesuffix(TIMES), _arrow_type(pa, name)) for name in columns]
    schema, written = pa.schema(fields), 0
    with _Replacing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        while piece := list(islice(rows, AT_ONCE)):
            arrays = [
                pa.array([_number(name, row[place]) for row in piece], type=schema.types[place])
                for place, name in enumerate(columns)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(piece)
    return written


class _Replacing:
    """A file beside the one that is meant; it takes its name once it is whole, and goes if it never is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = Path()

    def __enter__(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        os.close(handle)
        self._temporary = Path(name)
        return self._temporary

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is not None:
            with suppress(FileNotFoundError):
                self._temporary.unlink()
            return
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(self._temporary, self._path)


def _is_amount(name: str) -> bool:
    return name in AMOUNTS or name.endswith(AMOUNT_ENDS) or name == "krw_per_usdt"


def _text(name: str, value: Any, zone: tzinfo | None) -> str:
    if value is None:
        return ""
    if name.endswith(TIMES):
        moment = datetime.fromtimestamp(value // NS_PER_S, UTC).astimezone(zone)
        return moment.replace(microsecond=value % NS_PER_S // NS_PER_US).isoformat(timespec="microseconds")
    return plain(value) if isinstance(value, Decimal) else str(value)


def _arrow_type(pa: Any, name: str) -> Any:
    if name.endswith(TIMES):
        return pa.timestamp("ns", tz="UTC")
    if name in WHOLE:
        return pa.int64()
    return pa.decimal128(DIGITS, PLACES) if _is_amount(name) else pa.string()


def _number(name: str, value: Any) -> Any:
    """Return a value as Parquet holds it. Raises: ConfigError if an amount has more digits than that."""
    if value is None or not _is_amount(name):
        return value
    try:
        return Decimal(value).quantize(STEP, context=EXACT)
    except InvalidOperation:
        raise ConfigError(f"{name}: {value} has too many digits for Parquet; take --format csv") from None
