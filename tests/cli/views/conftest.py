"""A database that the tests of a module share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.contracts.backends import sql_engine


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    made = sql_engine(database_url)
    yield made
    made.dispose()
