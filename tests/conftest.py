"""Servers for the tests that need them: embedded, started once, gone at the end.

A test that asks for none of these fixtures starts nothing.
"""

from collections.abc import Iterator
from itertools import count

import psycopg2
import pytest
import redis
from hypothesis import HealthCheck, settings
from psycopg2 import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from arb.adapters.postgres.migrate import migrate
from arb.stack.postgres_server import create_database
from arb.stack.servers import Servers, servers_only

# A busy machine is no finding: nothing here may fail for the time that it takes.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

TEMPLATE = "arb_template"
numbers = count(1)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Redis and PostgreSQL, with a temporary home of their own."""
    with servers_only() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_template(servers: Servers) -> str:
    """The name of a database with all migrations, to be copied."""
    url = servers.postgres.url
    create_database(url, TEMPLATE)
    migrate(_named(url, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(servers: Servers, migrated_template: str) -> Iterator[str]:
    """SQLAlchemy's URL of a fresh, migrated database: one for each test module."""
    name = f"test_{next(numbers)}"
    create_database(servers.postgres.url, name, template=migrated_template)
    yield _named(servers.postgres.url, name)
    _drop(servers.postgres.url, name)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    """Connections to that database, which the tests of a module share."""
    from tests.contracts.backends import sql_engine  # and with it every store

    made = sql_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """URL of an empty Redis."""
    with redis.Redis.from_url(servers.redis.url) as client:
        client.flushall()
    return servers.redis.url


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _drop(url: str, name: str) -> None:
    """Drop a database, with whoever is still connected."""
    connection = psycopg2.connect(
        make_url(url).set(drivername="postgresql", database="postgres").render_as_string()
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    finally:
        connection.close()
