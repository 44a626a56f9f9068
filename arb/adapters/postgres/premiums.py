"""`arb.engine.market.record.PremiumStore` in PostgreSQL: a partition a day, made when its first row comes.

A commit of it waits for no disk: what a crash of the server takes with it is a second of a record.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import premiums
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow, name_of
from arb.domain.time import NS_PER_DAY, NS_PER_S, Span

UNHURRIED: Final = text("SET LOCAL synchronous_commit TO off")
PARTITIONS: Final = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'premiums'::regclass"
)


@dataclass(slots=True)
class SqlPremiums:
    """The rows of one mode."""

    engine: Engine
    environment: str
    _day: int = -1  # whose partition is known to be there

    def add(self, pair: Pair, rows: Sequence[PremiumRow]) -> None:
        values = [asdict(row) | {"environment": self.environment, "pair": name_of(pair)} for row in rows]
        with transaction(self.engine) as connection:
            connection.execute(UNHURRIED)
            for day in sorted({row.at_ns // NS_PER_DAY for row in rows} - {self._day}):
                _partition(connection, day)
            connection.execute(insert(premiums).values(values).on_conflict_do_nothing())
        self._day = max(row.at_ns // NS_PER_DAY for row in rows)

    def count(self, day: int) -> int:
        at_ns = premiums.c.at_ns
        within = (at_ns >= day * NS_PER_DAY, at_ns < (day + 1) * NS_PER_DAY)
        with reading(self.engine) as connection:
            return connection.execute(select(func.count()).select_from(premiums).where(*within)).scalar_one()

    def read(self, pair: Pair, span: Span) -> list[PremiumRow]:
        """Return the rows of a span of time, in order. Raises: StoreUnavailable."""
        names = PremiumRow.__dataclass_fields__
        wanted = (
            select(*(premiums.c[name] for name in names))
            .where(
                premiums.c.environment == self.environment,
                premiums.c.pair == name_of(pair),
                premiums.c.at_ns >= span.from_ns,
                premiums.c.at_ns <= span.to_ns,
            )
            .order_by(premiums.c.at_ns, premiums.c.coin)
        )
        with reading(self.engine) as connection:
            return [_row(row) for row in connection.execute(wanted).mappings()]

    def clean_up(self, before_ns: int) -> None:
        """Forget the days that ended before. Raises: StoreUnavailable."""
        oldest = _name(before_ns // NS_PER_DAY)
        with transaction(self.engine) as connection:
            for name in connection.execute(PARTITIONS).scalars().all():
                if name.rpartition(".")[2] < oldest:
                    connection.execute(text(f"DROP TABLE {name}"))


def _row(found: Any) -> PremiumRow:
    return PremiumRow(**{**found, "coin": Coin(found["coin"])})


def _name(day: int) -> str:
    return datetime.fromtimestamp(day * NS_PER_DAY // NS_PER_S, UTC).strftime("premiums_%Y%m%d")


def _partition(connection: Connection, day: int) -> None:
    """Make a day's partition if it is not there; of two that do, one waits for the other."""
    name = _name(day)
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('premiums'))"))
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF premiums "
            f"FOR VALUES FROM ({day * NS_PER_DAY}) TO ({(day + 1) * NS_PER_DAY})"
        )
    )
