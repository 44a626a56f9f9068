"""Statements that are big and asked for each order: the server reads and plans them once a connection.

A plan that is kept is made without the values: one end of a span of time counts as a third of a table, and
both ends as half a percent of it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast

from psycopg2.extensions import AsIs
from sqlalchemy import ClauseElement, Connection, CursorResult
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.sql.compiler import SQLCompiler

from arb.adapters.postgres.patience import once_sent
from arb.ports.trading import Meanwhile, nothing_else

KNOWN: Final = "arb_prepared"
DIALECT: Final = psycopg2.dialect()  # type: ignore[no-untyped-call]


class Prepared:
    """One statement, its name, and the types of what is given to it."""

    def __init__(self, name: str, statement: ClauseElement, types: Mapping[str, str]) -> None:
        self._name, self._statement, self._types = name, statement, types
        self._call = f"EXECUTE {name}({', '.join(f'%({given})s' for given in types)})"

    def execute(
        self,
        connection: Connection,
        given: Mapping[str, Any],
        *,
        first: Sequence["Prepared"] = (),
        meanwhile: Meanwhile = nothing_else,
    ) -> CursorResult[Any]:
        """Return what it returns; `first` are statements that are run before it in the same round trip.

        `meanwhile` is called while the server works on it.
        """
        together = (*first, self)
        for each in together:
            each.prepare(connection)
        with once_sent(meanwhile):
            return connection.exec_driver_sql("; ".join(each._call for each in together), given)

    def prepare(self, connection: Connection) -> None:
        """Prepare it where it is not yet; it stays so whatever becomes of the transaction."""
        known = connection.info.setdefault(KNOWN, set())
        if self._name not in known:
            connection.exec_driver_sql(*self._preparation)
            known.add(self._name)

    @cached_property
    def _preparation(self) -> tuple[str, dict[str, Any]]:
        places = {given: AsIs(f"${number}") for number, given in enumerate(self._types, start=1)}
        compiled = cast(SQLCompiler, self._statement.compile(dialect=DIALECT))
        expanded = compiled.construct_expanded_state(places)
        types = ", ".join(self._types.values())
        return f"PREPARE {self._name} ({types}) AS {expanded.statement}", dict(expanded.parameters)
