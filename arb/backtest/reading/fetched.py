"""A folder that `arb data fetch` filled, as one table: closes by the time that they were known."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arb.backtest.reading.series import Array
from arb.backtest.reading.table import Table
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S


def is_fetched(folder: Path) -> bool:
    """Tell whether a folder holds candles that `arb data fetch` wrote."""
    return any((folder / venue.value).is_dir() for venue in Venue)


def read_fetched(folder: Path) -> Table:
    """Return every market's closes side by side. Raises: ConfigError."""
    markets: dict[str, tuple[Array, Array]] = {}
    for venue in Venue:
        for market in sorted(path for path in (folder / venue.value).glob("*") if path.is_dir()):
            files = sorted(market.glob("*.parquet"))
            if files:
                coin, _, currency = market.name.lower().partition("-")
                markets[f"{venue.value}_{coin}_{currency}"] = _closes(files)
    if not markets:
        raise ConfigError(f"--data: {folder} holds no candles; `arb data fetch` brings them")
    stamps = np.unique(np.concatenate([known for known, _ in markets.values()]))
    columns = {"ts_ns": pa.array(stamps)}
    for name, (known, closes) in markets.items():
        column: Array = np.full(len(stamps), np.nan)
        column[np.searchsorted(stamps, known)] = closes
        columns[name] = pa.array(column)
    return Table(pa.table(columns), 0)


def _closes(files: list[Path]) -> tuple[Array, Array]:
    try:
        tables = [pq.read_table(path) for path in files]
        interval_s = int((tables[0].schema.metadata or {})[b"interval_s"])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        raise ConfigError(
            f"--data: {files[0].parent} holds a file that `arb data fetch` did not write"
        ) from None
    begins = np.concatenate([table["begins_s"].to_numpy() for table in tables])
    closes = np.concatenate([table["closing"].to_numpy() for table in tables])
    return (begins + interval_s) * NS_PER_S, closes
