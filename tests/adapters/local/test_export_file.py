"""Files of rows: whole or not there, amounts exact, times with their offset."""

import csv
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from arb.adapters.local.export_file import write_csv, write_parquet
from arb.domain.errors import ConfigError

COLUMNS = ["at_ns", "entry_id", "asset", "amount", "pnl_krw"]
ROW = (1_800_000_000_123_456_789, 7, "BTC", Decimal("1E-8"), None)


def test_csv_has_amounts_without_exponents_and_times_with_their_offset(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    assert write_csv(path, COLUMNS, iter([ROW]), UTC) == 1
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "at": "2027-01-15T08:00:00.123456+00:00",
        "entry_id": "7",
        "asset": "BTC",
        "amount": "0.00000001",
        "pnl_krw": "",
    }


def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert write_csv(path, COLUMNS, iter(()), UTC) == 0
    assert path.read_text().splitlines() == ["at,entry_id,asset,amount,pnl_krw"]


def test_what_breaks_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def torn() -> Iterator[tuple[Any, ...]]:
        yield ROW
        raise OSError("the database went away")

    path = tmp_path / "ledger.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="went away"):
        write_csv(path, COLUMNS, torn(), UTC)
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.csv"]
    assert path.read_text() == "old"


def test_parquet_has_exact_decimals_and_nanoseconds(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    assert write_parquet(path, COLUMNS, iter([ROW]), None) == 1
    table = pq.read_table(path)
    assert [str(field.type) for field in table.schema] == [
        "timestamp[ns, tz=UTC]", "int64", "string", "decimal128(38, 18)", "decimal128(38, 18)"
    ]  # fmt: skip
    assert table.column("amount").to_pylist() == [Decimal("1E-8")]
    assert table.column("at").cast("int64").to_pylist() == [ROW[0]]


def test_an_amount_that_parquet_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too many digits"):
        write_parquet(tmp_path / "x.parquet", ["amount"], iter([(Decimal("1E+21"),)]), None)
    assert list(tmp_path.iterdir()) == []


def test_parquet_without_pyarrow_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pip install pyarrow"):
        write_parquet(tmp_path / "x.parquet", COLUMNS, iter([ROW]), None)
