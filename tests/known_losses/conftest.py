"""The stores in PostgreSQL, for losses that two processes or two sessions make together."""

from collections.abc import Iterator

import pytest

from tests.contracts.backends import Stores, sql_engine, sql_stores


@pytest.fixture
def sql(database_url: str) -> Iterator[Stores]:
    """Stores over a fresh, migrated database: one for each module."""
    database = sql_engine(database_url)
    yield sql_stores(database)
    database.dispose()
