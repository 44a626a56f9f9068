"""A prepared statement is read and planned once a connection, whatever becomes of the transactions."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, bindparam, event, literal, select, text, union_all

from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.prepared import Prepared

pytestmark = pytest.mark.integration
SUM = Prepared(
    "test_sum",
    union_all(
        select((bindparam("one") + bindparam("other")).label("found")).where(
            bindparam("one").in_([1, 2, 3]), literal("50 %") != ":one"
        ),
        select(literal(-1)),
    ),
    {"one": "bigint", "other": "bigint"},
)


@pytest.fixture
def engine(database_url: str):
    made = make_engine(database_url, Pool(size=1, overflow_max=0))
    yield made
    made.dispose()


@pytest.fixture
def preparations(engine: Engine) -> list[str]:
    found: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_):
        found.extend([statement] if statement.startswith("PREPARE") else [])

    return found


def asked(connection, one: int, other: int, first: Sequence[Prepared] = ()) -> list[int]:
    return [row.found for row in SUM.execute(connection, {"one": one, "other": other}, first=first)]


def test_it_is_prepared_once_and_given_other_values(engine, preparations):
    with engine.connect() as connection:
        assert asked(connection, 1, 2) == [3, -1]
        assert asked(connection, 2, 40) == [42, -1]
        assert asked(connection, 4, 40) == [-1]
    with engine.connect() as connection:
        assert asked(connection, 3, 2) == [5, -1]
    assert len(preparations) == 1


def test_it_stays_prepared_when_the_transaction_is_rolled_back(engine, preparations):
    with engine.connect() as connection:
        asked(connection, 1, 2)
        connection.rollback()
    with engine.connect() as connection:
        assert asked(connection, 1, 2) == [3, -1]
    assert len(preparations) == 1


def test_another_connection_prepares_it_again(engine, preparations):
    with engine.connect() as connection:
        asked(connection, 1, 2)
        connection.invalidate()
    with engine.connect() as connection:
        assert asked(connection, 1, 2) == [3, -1]
    assert len(preparations) == 2


def test_what_goes_before_it_sees_and_locks_first(engine):
    """Each statement of a round trip sees what was committed before it began."""
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE seen (number bigint)")
        note = Prepared("note", text("INSERT INTO seen VALUES (:one)"), {"one": "bigint"})
        assert asked(connection, 1, 2, first=(note,)) == [3, -1]
        assert connection.exec_driver_sql("SELECT number FROM seen").scalar_one() == 1
