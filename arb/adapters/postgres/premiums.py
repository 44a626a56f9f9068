"""`arb.engine.market.record.PremiumStore` in PostgreSQL: a partition a day, made when its first row comes.

The statement that writes a row brings its hour up to date, too (`premium_hours`). A row that is there already
is not written again and changes no hour. The commit waits for no disk: what a crash of the server takes with
it is a second of a record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Label,
    Numeric,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import Insert, aggregate_order_by, insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import premium_hours, premiums
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.domain.market.premium import PremiumRow, PremiumStep, name_of
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_S, Span

SUMMED: Final = ("premium_bps", "low_bps", "high_bps", "selling_bps", "buying_bps")
OF_ALL: Final = ("environment", "pair")  # the same in all rows that are added together
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
        columns = {name: [getattr(row, name) for row in rows] for name in PremiumRow.__dataclass_fields__}
        of_all = {"environment": self.environment, "pair": name_of(pair)}
        with transaction(self.engine) as connection:
            connection.execute(UNHURRIED)
            for day in sorted({row.at_ns // NS_PER_DAY for row in rows} - {self._day}):
                _partition(connection, day)
            connection.execute(ADDING, columns | of_all)
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

    def steps(self, pair: Pair, coin: Coin, span: Span, step_ns: int) -> list[PremiumStep]:
        """Return what a coin's rows come to by steps that begin within a span. Raises: StoreUnavailable."""
        columns = premiums.c
        wanted = (
            select(_began(columns.at_ns, step_ns), *_summed(columns))
            .where(
                columns.environment == self.environment,
                columns.pair == name_of(pair),
                columns.coin == coin,
                columns.at_ns >= -(-span.from_ns // step_ns) * step_ns,
                columns.at_ns < (span.to_ns // step_ns + 1) * step_ns,
            )
            .group_by("from_ns")
            .order_by("from_ns")
        )
        with reading(self.engine) as connection:
            return [PremiumStep(**row) for row in connection.execute(wanted).mappings()]

    def hours(self, pair: Pair, coin: Coin, span: Span) -> list[PremiumStep]:
        """Return what a coin's rows come to by hours that begin within a span. Raises: StoreUnavailable."""
        columns = premium_hours.c
        wanted = (
            select(*(columns[name] for name in PremiumStep.__dataclass_fields__))
            .where(
                columns.environment == self.environment,
                columns.pair == name_of(pair),
                columns.coin == coin,
                columns.from_ns >= span.from_ns,
                columns.from_ns <= span.to_ns,
            )
            .order_by(columns.from_ns)
        )
        with reading(self.engine) as connection:
            return [PremiumStep(**row) for row in connection.execute(wanted).mappings()]

    def clean_up(self, before_ns: int) -> None:
        """Forget the days that ended before. Raises: StoreUnavailable."""
        day = before_ns // NS_PER_DAY
        oldest = _name(day)
        with transaction(self.engine) as connection:
            connection.execute(delete(premium_hours).where(premium_hours.c.from_ns < day * NS_PER_DAY))
            for name in connection.execute(PARTITIONS).scalars().all():
                if name.rpartition(".")[2] < oldest:
                    connection.execute(text(f"DROP TABLE {name}"))


def _row(found: Any) -> PremiumRow:
    return PremiumRow(**{**found, "coin": Coin(found["coin"])})


def _adding() -> Insert:
    """Return what adds rows, and what those that are new change of their hours; given is a list a column."""
    given = {name: premiums.c[name].type for name in PremiumRow.__dataclass_fields__}
    rows = select(
        *(bindparam(name, type_=premiums.c[name].type).label(name) for name in OF_ALL),
        *(
            func.unnest(bindparam(name, type_=ARRAY(its_type))).label(name)
            for name, its_type in given.items()
        ),
    )
    adding = insert(premiums).from_select([*OF_ALL, *given], rows).on_conflict_do_nothing()
    added, names = adding.returning(premiums).cte("added").c, ("coin", "environment", "pair", "from_ns")
    own = (added.coin, added.environment, added.pair)
    hours = (
        select(*own, _began(added.at_ns, NS_PER_HOUR), func.max(added.at_ns), *_summed(added))
        .group_by(*own, "from_ns")
        .order_by(added.coin, "from_ns")  # two that record lock hours in one order
    )
    changes = insert(premium_hours).from_select([*names, "last_ns", *SUMMED], hours)
    old, new = premium_hours.c, changes.excluded
    is_later = new.last_ns >= old.last_ns
    return changes.on_conflict_do_update(
        index_elements=names,
        set_={
            "last_ns": func.greatest(old.last_ns, new.last_ns),
            "premium_bps": case((is_later, new.premium_bps), else_=old.premium_bps),
            "low_bps": func.least(old.low_bps, new.low_bps),
            "high_bps": func.greatest(old.high_bps, new.high_bps),
            "selling_bps": func.greatest(old.selling_bps, new.selling_bps),  # which pass over what is null
            "buying_bps": func.greatest(old.buying_bps, new.buying_bps),
        },
    )


def _began(at_ns: ColumnElement[int], step_ns: int) -> Label[int]:
    return (at_ns // step_ns * step_ns).label("from_ns")


def _summed(columns: Any) -> tuple[ColumnElement[Any], ...]:
    """Return what rows come to, each named as in `SUMMED`."""
    premiums_in_time = func.array_agg(aggregate_order_by(columns.premium_bps, columns.at_ns.desc()))
    summed = (
        type_coerce(premiums_in_time, ARRAY(Numeric))[1],
        func.min(columns.premium_bps),
        func.max(columns.premium_bps),
        func.max(columns.selling_bps),
        func.max(columns.buying_bps),
    )
    return tuple(each.label(name) for each, name in zip(summed, SUMMED, strict=True))


ADDING: Final = _adding()


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
