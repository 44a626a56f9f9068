"""Run by Alembic: one transaction for all pending migrations, under an advisory lock.

The database is `config.attributes["database_url"]`, or ARB_DATABASE_URL.
"""

import os

from alembic import context
from sqlalchemy import create_engine, make_url, pool, text

from arb.adapters.postgres.tables import METADATA

LOCK_KEY = 0x617262  # "arb": two processes that start at once migrate one after the other


def database_url() -> str:
    """Return where to migrate."""
    url = context.config.attributes.get("database_url") or os.environ.get("ARB_DATABASE_URL")
    if not url:
        raise SystemExit("ARB_DATABASE_URL: missing; set it to the database that should be migrated")
    return str(url)


def run() -> None:
    """Bring the database to the newest revision."""
    url = make_url(database_url()).set(drivername="postgresql+psycopg2")
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=METADATA)
        with context.begin_transaction():
            # Held to the commit, so that the second process reads the revision that the first one wrote.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            context.run_migrations()


run()
