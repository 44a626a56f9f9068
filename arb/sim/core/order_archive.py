"""Where a venue keeps what is over: ended orders, and every fill, in a SQLite file instead of in memory.

The journal is the truth and the archive follows from it, so the file lasts no longer than the process: it
has no name, is not synchronised and is filled anew when a journal is read back.
"""

import os
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from arb.sim.core.events import OrderFilled
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import SimulatedOrder

CACHE_KB: Final = 256
NONCES_MAX: Final = 200_000
EVER_NS: Final = 2**63 - 1
SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{cache_kb};
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, order_id TEXT, client_id TEXT, coin TEXT, created_ns INTEGER, body BLOB);
CREATE INDEX by_order_id ON orders (order_id);
CREATE INDEX by_client_id ON orders (client_id);
CREATE INDEX by_created ON orders (created_ns);
CREATE TABLE fills (
    number INTEGER PRIMARY KEY, order_id TEXT, symbol TEXT, ts_ns INTEGER, body BLOB);
CREATE INDEX fills_by_order ON fills (order_id);
CREATE INDEX fills_by_time ON fills (ts_ns);
CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE nonces (number INTEGER PRIMARY KEY, nonce TEXT UNIQUE);
"""


class OrderArchive:
    """Ended orders by number and id; fills by number, order and time; names and nonces that are used up."""

    def __init__(self, directory: Path | None = None) -> None:
        handle, path = tempfile.mkstemp(prefix="archive-", dir=directory)
        os.close(handle)
        # One thread uses it at a time: the venue's loop, in tests the one that made it.
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.executescript(SCHEMA.format(cache_kb=CACHE_KB))
        os.unlink(path)
        self.fill_count = 0

    def put_order(self, order: SimulatedOrder) -> None:
        """Keep an order that has ended."""
        key = (order.number, order.order_id, order.request.client_id, order.request.coin, order.created_ns)
        self._database.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", (*key, msgspec.msgpack.encode(order))
        )

    def order(self, order_id: str) -> SimulatedOrder | None:
        """Return the ended order of that id."""
        return next(self._orders("order_id = ?", (order_id,)), None)

    def with_client_id(self, client_id: str) -> list[SimulatedOrder]:
        """Return the ended orders of that client id, oldest first."""
        return list(self._orders("client_id = ? ORDER BY number", (client_id,)))

    def orders(
        self, coin: str | None, number_min: int, since_ns: int, until_ns: int, *, newest_first: bool
    ) -> Iterator[SimulatedOrder]:
        """Return ended orders of one coin or all, from a number on, created in a time that is inclusive."""
        where = "(?1 IS NULL OR coin = ?1) AND number >= ?2 AND created_ns BETWEEN ?3 AND ?4"
        direction = "DESC" if newest_first else "ASC"
        return self._orders(f"{where} ORDER BY number {direction}", (coin, number_min, since_ns, until_ns))

    def put_fill(self, recorded: Recorded, fill: OrderFilled) -> None:
        """Keep a fill."""
        key = (fill.number, fill.order_id, fill.symbol, recorded.ts_ns)
        self._database.execute(
            "INSERT INTO fills VALUES (?, ?, ?, ?, ?)", (*key, msgspec.msgpack.encode(recorded))
        )
        self.fill_count += 1

    def fills_of(self, order_id: str) -> list[Recorded]:
        """Return the fills of one order, oldest first."""
        return list(self._fills("order_id = ? ORDER BY number", (order_id,)))

    def fills(
        self,
        symbol: str | None = None,
        number_min: int = 0,
        since_ns: int = 0,
        until_ns: int = EVER_NS,
        *,
        order_id: str | None = None,
    ) -> Iterator[Recorded]:
        """Return fills of one symbol or all, of one order or all, from a number on, in an inclusive time."""
        where = "(?1 IS NULL OR symbol = ?1) AND number >= ?2 AND ts_ns BETWEEN ?3 AND ?4"
        given = (symbol, number_min, since_ns, until_ns)
        if order_id is None:
            return self._fills(f"{where} ORDER BY number", given)
        return self._fills(f"{where} AND order_id = ?5 ORDER BY number", (*given, order_id))

    def use_up(self, name: str) -> None:
        """Remember that a name may not be used again."""
        self._database.execute("INSERT OR IGNORE INTO names VALUES (?)", (name,))

    def is_used_up(self, name: str) -> bool:
        """Tell whether a name may not be used again."""
        return bool(self._rows("SELECT 1 FROM names WHERE name = ?", (name,)).fetchone())

    def spend(self, nonce: str) -> bool:
        """Take a nonce that is good once; False if it was spent. The oldest are forgotten."""
        spent = self._rows("INSERT OR IGNORE INTO nonces (nonce) VALUES (?)", (nonce,))
        if not spent.rowcount:
            return False
        self._rows("DELETE FROM nonces WHERE number <= ?", ((spent.lastrowid or 0) - NONCES_MAX,))
        return True

    def _orders(self, where: str, given: tuple[Any, ...]) -> Iterator[SimulatedOrder]:
        rows = self._rows(f"SELECT body FROM orders WHERE {where}", given)
        return (msgspec.msgpack.decode(body, type=SimulatedOrder) for (body,) in rows)

    def _fills(self, where: str, given: tuple[Any, ...]) -> Iterator[Recorded]:
        rows = self._rows(f"SELECT body FROM fills WHERE {where}", given)
        return (msgspec.msgpack.decode(body, type=Recorded) for (body,) in rows)

    def _rows(self, statement: str, given: tuple[Any, ...]) -> sqlite3.Cursor:
        bounded = [min(each, EVER_NS) if isinstance(each, int) else each for each in given]
        return self._database.execute(statement, bounded)
