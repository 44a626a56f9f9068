"""The same stores twice: in memory and in PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from arb.ports.trading import Session
from tests.contracts import world
from tests.contracts.backends import Stores, memory_stores, sql_engine, sql_stores


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    made = sql_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.integration)])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return memory_stores()
    return sql_stores(request.getfixturevalue("engine"))


@pytest.fixture
def session(stores: Stores) -> Session:
    """A session with money on both venues."""
    made = world.session()
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        assert stores.trades.book_entry(made.session_id, entry, world.NOW_NS)
    return made
