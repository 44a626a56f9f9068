"""Effects that have to happen once: their rows, the claim before each, and what became of them.

A row is written before its message is sent, as for an order. Who runs a message claims the row and notes
the run in the same transaction, so that a message that came twice has two runs and one effect.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg2

from arb.ports.market import Clock

TABLES: Final = """
CREATE TABLE IF NOT EXISTS chaos_effects (
    number bigint PRIMARY KEY, planned_ns bigint NOT NULL, sent_ns bigint NOT NULL, done_ns bigint);
CREATE TABLE IF NOT EXISTS chaos_runs (
    number bigint NOT NULL, at_ns bigint NOT NULL, worker text NOT NULL, effective boolean NOT NULL);
CREATE INDEX IF NOT EXISTS chaos_runs_at ON chaos_runs (at_ns);
"""
DOUBLED: Final = """
SELECT count(*) FROM
    (SELECT number FROM chaos_runs WHERE effective GROUP BY number HAVING count(*) > 1) AS doubled
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCounts:
    """What became of the effects."""

    planned: int
    lost: int  # not executed
    doubled: int  # executed with effect more than once
    refused: int  # executions that the claim kept from having an effect


class Effects:
    """The effects in one database. A connection for each thread. Raises, everywhere: psycopg2.Error."""

    def __init__(self, database_url: str, clock: Clock) -> None:
        self._url = database_url.replace("+psycopg2", "")
        self._clock = clock
        self._local = threading.local()

    def create(self) -> None:
        """Create the tables of effects and runs."""
        with self._cursor() as cursor:
            cursor.execute(TABLES)

    def clear(self) -> None:
        """Delete all effects and runs."""
        with self._cursor() as cursor:
            cursor.execute("TRUNCATE chaos_effects, chaos_runs")

    def plan(self, first: int, amount: int = 1) -> None:
        """Write the rows of effects that are to be."""
        now_ns = self._clock.now_ns()
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO chaos_effects SELECT n, %s, %s"
                " FROM generate_series(%s::bigint, %s::bigint) AS n",
                (now_ns, now_ns, first, first + amount - 1),
            )

    def unplan(self, first: int, amount: int) -> None:
        """Take back what nobody promised, unless it was had."""
        with self._cursor() as cursor:
            cursor.execute(
                "DELETE FROM chaos_effects WHERE number BETWEEN %s AND %s AND done_ns IS NULL",
                (first, first + amount - 1),
            )

    def run(self, number: int, worker: str) -> bool:
        """Have an effect, unless it was had; tell which."""
        now_ns = self._clock.now_ns()
        with self._cursor() as cursor:
            cursor.execute(
                "UPDATE chaos_effects SET done_ns = %s WHERE number = %s AND done_ns IS NULL",
                (now_ns, number),
            )
            effective = bool(cursor.rowcount)
            cursor.execute(
                "INSERT INTO chaos_runs VALUES (%s, %s, %s, %s)", (number, now_ns, worker, effective)
            )
        return effective

    def overdue(self, age_ns: int, limit: int) -> list[int]:
        """Return effects that were sent this long ago and not had; they count as sent now."""
        now_ns = self._clock.now_ns()
        with self._cursor() as cursor:
            cursor.execute(
                "UPDATE chaos_effects SET sent_ns = %s WHERE number IN (SELECT number FROM chaos_effects"
                " WHERE done_ns IS NULL AND sent_ns < %s ORDER BY number LIMIT %s) RETURNING number",
                (now_ns, now_ns - age_ns, limit),
            )
            return [number for (number,) in cursor.fetchall()]

    def missing(self) -> int:
        """Return how many were not had."""
        return self._count("SELECT count(*) FROM chaos_effects WHERE done_ns IS NULL")

    def runs(self) -> int:
        """Return the number of executions."""
        return self._count("SELECT count(*) FROM chaos_runs")

    def served_ns(self, since_ns: int, worker: str) -> int | None:
        """Return when a worker of this name first ran an effect that was planned since then."""
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT min(r.at_ns) FROM chaos_runs r JOIN chaos_effects e USING (number)"
                " WHERE e.planned_ns >= %s AND r.worker LIKE %s",
                (since_ns, f"{worker}%"),
            )
            (at_ns,) = cursor.fetchone()
            return None if at_ns is None else int(at_ns)

    def first_runs(self, since_ns: int) -> dict[str, int]:
        """Return when each worker first ran something since then."""
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT worker, min(at_ns) FROM chaos_runs WHERE at_ns > %s GROUP BY worker", (since_ns,)
            )
            return dict(cursor.fetchall())

    def workers(self) -> dict[str, int]:
        """Return how many executions each worker did."""
        with self._cursor() as cursor:
            cursor.execute("SELECT worker, count(*) FROM chaos_runs GROUP BY worker")
            return dict(cursor.fetchall())

    def account(self) -> EffectCounts:
        """Return how many effects were planned, lost, doubled and refused."""
        return EffectCounts(
            planned=self._count("SELECT count(*) FROM chaos_effects"),
            lost=self.missing(),
            doubled=self._count(DOUBLED),
            refused=self._count("SELECT count(*) FROM chaos_runs WHERE NOT effective"),
        )

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def _count(self, query: str) -> int:
        with self._cursor() as cursor:
            cursor.execute(query)
            return int(cursor.fetchone()[0])

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = self._local.connection = psycopg2.connect(self._url)
        with connection, connection.cursor() as cursor:  # committed at the end, rolled back on an error
            yield cursor
