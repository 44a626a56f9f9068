"""Rows of several tables in one statement: one round trip, planned once a connection."""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Table, text

from arb.adapters.postgres.prepared import Prepared

Rows = Sequence[Mapping[str, Any]]
Shape = tuple[tuple[str, tuple[str, ...]], ...]


def insert_all(connection: Connection, rows: Mapping[Table, Rows]) -> None:
    """Insert these rows, of each table with the same columns; references among them are looked at last."""
    wanted = {table: listed for table, listed in rows.items() if listed}
    shape = tuple((table.name, tuple(listed[0])) for table, listed in wanted.items())
    given = {table.name: _as_json(listed) for table, listed in wanted.items()}
    _statement(shape).execute(connection, given)


@cache
def _statement(shape: Shape) -> Prepared:
    name = f"arb_insert_{zlib.crc32(repr(shape).encode()):08x}"
    inserts = ", ".join(_insert(*each) for each in shape)
    return Prepared(name, text(f"WITH {inserts} SELECT 1"), {table: "jsonb" for table, _ in shape})


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(columns)
    found = f"jsonb_populate_recordset(CAST(NULL AS {table}), :{table})"
    return f"new_{table} AS (INSERT INTO {table} ({names}) SELECT {names} FROM {found})"


def _as_json(rows: Rows) -> str:
    """Return rows as text; amounts as text too, so that they stay exact."""
    return orjson.dumps([dict(row) for row in rows], default=str).decode()
