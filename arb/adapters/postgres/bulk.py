"""Rows of several tables in one statement: one round trip, planned once a connection."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Table, text

from arb.adapters.postgres.prepared import Prepared
from arb.ports.trading import Meanwhile, nothing_else

Rows = Sequence[Mapping[str, Any]]
Shape = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A statement that returns a row where others are to be inserted; it may change something itself."""

    statement: str
    types: tuple[tuple[str, str], ...]  # of what is given to it


def insert_all(connection: Connection, rows: Mapping[Table, Rows]) -> None:
    """Insert these rows, of each table with the same columns; references among them are looked at last."""
    wanted = {table: listed for table, listed in rows.items() if listed}
    _statement(_shape(wanted)).execute(connection, _given(wanted))


def insert_all_if(
    connection: Connection,
    condition: Condition,
    given: Mapping[str, Any],
    rows: Mapping[Table, Rows],
    *,
    first: Sequence[Prepared] = (),
    meanwhile: Meanwhile = nothing_else,
) -> bool:
    """Do the same where the condition returns a row; tell whether it did.

    `first` are statements that are run before it in the same round trip; `meanwhile` is called during that.
    """
    wanted = {table: listed for table, listed in rows.items() if listed}
    statement = _conditional(condition, _shape(wanted))
    found = statement.execute(connection, {**given, **_given(wanted)}, first=first, meanwhile=meanwhile)
    return bool(found.scalar_one())


@cache
def _statement(shape: Shape) -> Prepared:
    inserts = ", ".join(_insert(*each) for each in shape)
    return Prepared(_name(shape), text(f"WITH {inserts} SELECT 1"), {table: "jsonb" for table, _ in shape})


@cache
def _conditional(condition: Condition, shape: Shape) -> Prepared:
    where = " WHERE EXISTS (SELECT 1 FROM condition)"
    parts = ", ".join(_insert(*each, where) for each in shape)
    statement = f"WITH condition AS ({condition.statement}), {parts} SELECT count(*) FROM condition"
    types = dict(condition.types) | {table: "jsonb" for table, _ in shape}
    return Prepared(_name((condition, shape)), text(statement), types)


def _name(of: object) -> str:
    return f"arb_insert_{zlib.crc32(repr(of).encode()):08x}"


def _insert(table: str, columns: tuple[str, ...], where: str = "") -> str:
    names = ", ".join(columns)
    found = f"jsonb_populate_recordset(CAST(NULL AS {table}), :{table})"
    return f"new_{table} AS (INSERT INTO {table} ({names}) SELECT {names} FROM {found}{where})"


def _shape(rows: Mapping[Table, Rows]) -> Shape:
    return tuple((table.name, tuple(listed[0])) for table, listed in rows.items())


def _given(rows: Mapping[Table, Rows]) -> dict[str, str]:
    return {table.name: _as_json(listed) for table, listed in rows.items()}


def _as_json(rows: Rows) -> str:
    """Return rows as text; amounts as text too, so that they stay exact."""
    return orjson.dumps([dict(row) for row in rows], default=str).decode()
