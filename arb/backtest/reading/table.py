"""Files as columns: CSV, plain or packed, and Parquet. Prices are floats, NaN where there is none."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from arb.backtest.reading.series import Array
from arb.domain.errors import ConfigError

NS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
NONE: Final = np.iinfo(np.int64).min  # a time that is none
NULLS: Final = ["", "null", "NULL", "None", "nan", "NaN", "NA", "N/A", "-"]


class Table:
    """One file's columns; the broken lines that were left out are counted."""

    def __init__(self, columns: "pa.Table", broken: int) -> None:
        self._columns, self.broken = columns, broken

    @property
    def names(self) -> list[str]:
        """Return the columns' names."""
        return list(self._columns.column_names)

    def __len__(self) -> int:
        return int(self._columns.num_rows)

    def prices(self, name: str) -> Array:
        """Return a column as floats; what is no number, or not above zero, is NaN."""
        column = self._column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            try:
                column = pc.cast(column, pa.float64())
            except pa.ArrowInvalid:
                column = pa.chunked_array([[_number(text) for text in column.to_pylist()]], pa.float64())
        found = np.array(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        found[~(np.isfinite(found) & (found > 0))] = np.nan
        return found

    def times(self, name: str, unit: str, zone: tzinfo) -> Array:
        """Return a column as nanoseconds since 1970, `NONE` where there is no time."""
        column = self._column(name)
        if pa.types.is_timestamp(column.type):
            whole = pc.cast(column, pa.timestamp("ns", tz=column.type.tz), safe=False)
            ints = pc.fill_null(pc.cast(whole, pa.int64()), NONE).to_numpy()
            return ints if column.type.tz else _shifted(ints, zone)
        if unit != "iso":
            return pc.fill_null(pc.cast(column, pa.int64()), NONE).to_numpy() * NS[unit]
        return np.array([_moment(text, zone) for text in column.to_pylist()], dtype=np.int64)

    def _column(self, name: str) -> Any:
        if name not in self._columns.column_names:
            raise ConfigError(f"mapping: no column {name!r}; there are {', '.join(self.names)}")
        return self._columns.column(name)


def read_table(paths: Sequence[Path]) -> Table:
    """Return the rows of all files, one below the other. Raises: ConfigError with one line."""
    tables, broken = [], 0
    for path in paths:
        table, left_out = _read(path)
        tables.append(table)
        broken += left_out
    return Table(pa.concat_tables(tables, promote_options="permissive"), broken)


def _read(path: Path) -> tuple["pa.Table", int]:
    try:
        if path.suffix == ".parquet":
            return pq.read_table(path), 0
        return _read_csv(path)
    except OSError as error:
        raise ConfigError(f"--data: {path} cannot be read ({error.strerror or error})") from None
    except pa.ArrowInvalid as error:
        raise ConfigError(f"--data: {path} is no table: {str(error).splitlines()[0]}") from None


def _read_csv(path: Path) -> tuple["pa.Table", int]:
    broken: list[int] = []

    def left_out(_row: object) -> str:
        broken.append(1)
        return "skip"

    with pa.input_stream(path, compression="detect") as stream:
        head = stream.read(1 << 16).decode("utf-8-sig", "replace").splitlines()
    if not head or not head[0].strip():
        raise ConfigError(f"--data: {path} is empty")
    names = [name.strip().strip('"') for name in head[0].split(",")]
    table = pv.read_csv(
        path,
        read_options=pv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=pv.ParseOptions(invalid_row_handler=left_out),
        convert_options=pv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=NULLS
        ),
    )
    return table, len(broken)


def _number(text: str | None) -> float | None:
    try:
        return float(text.strip()) if text else None
    except ValueError:
        return None


def _moment(text: str | None, zone: tzinfo) -> int:
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return int(NONE)
    known = found if found.tzinfo else found.replace(tzinfo=zone)
    whole = int(known.replace(microsecond=0).timestamp())
    return whole * 10**9 + known.microsecond * 1_000


def _shifted(local_ns: Array, zone: tzinfo) -> Array:
    """Return times of a zone as those of UTC."""
    return np.array(
        [_moment(str(np.datetime64(int(ns), "ns").astype("datetime64[us]")), zone) for ns in local_ns],
        dtype=np.int64,
    )
