"""A database that goes away is named as such, and the same engine works when it is back."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from arb.adapters.postgres.engine import Pool, make_engine, transaction
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import StoreUnavailable
from arb.stack.home import Home
from arb.stack.postgres_server import Durability, embedded_postgres, ensure_database
from arb.stack.process_spec import Server
from tests.contracts import world

pytestmark = pytest.mark.integration


@dataclass
class Killable:
    """A PostgreSQL that a test may kill and start again."""

    server: Server
    log: Path
    running: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self.running = subprocess.Popen(
                self.server.process.launch_command(), stdout=log, stderr=log, start_new_session=True
            )
        self.server.wait_ready(lambda: None)
        ensure_database(self.server.url)

    def kill(self) -> None:
        """Kill -9 of the server and of every backend, as a machine that dies does."""
        processes = [psutil.Process(self.running.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            process.kill()
        self.running.wait()
        psutil.wait_procs(processes, timeout=10)


@pytest.fixture(scope="module")
def database() -> Iterator[Killable]:
    """A server of this module's own; whoever kills it starts it again. Commits survive the kill."""
    home = Home(Path(tempfile.mkdtemp(prefix="arb-test-")))
    home.create()
    made = Killable(embedded_postgres(home, Durability.FULL), home.logs / "postgres.log")
    try:
        made.start()
        migrate(made.server.url)
        yield made
    finally:
        made.kill()
        home.remove()


def test_killed_in_the_middle_of_a_transaction_then_back(database):
    engine = make_engine(database.server.url, Pool(size=2))
    sessions, trades = SqlSessionStore(engine), SqlTradeStore(engine)
    session = world.session()
    sessions.create(session)
    entry = world.openings(session.session_id)[0]
    with pytest.raises(StoreUnavailable), transaction(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
        database.kill()
        connection.exec_driver_sql("SELECT 1")
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            trades.active(session.session_id)
        with pytest.raises(StoreUnavailable):
            trades.book_entry(session.session_id, entry, world.NOW_NS)
    database.start()
    assert sessions.get(session.session_id) == session
    assert trades.book_entry(session.session_id, entry, world.NOW_NS)
    engine.dispose()


def test_killed_between_two_uses_is_not_noticed_after_a_restart(database):
    engine = make_engine(database.server.url, Pool(size=2))
    sessions = SqlSessionStore(engine)
    session = world.session()
    sessions.create(session)
    database.kill()
    database.start()
    assert sessions.get(session.session_id) == session
    engine.dispose()


def test_an_exhausted_pool_is_unavailability_too(database):
    engine = make_engine(database.server.url, Pool(size=1, overflow_max=0, timeout_s=1))
    with transaction(engine), pytest.raises(StoreUnavailable):
        SqlSessionStore(engine).get("s-none")
    engine.dispose()


def test_a_server_that_never_was_is_unavailable(tmp_path):
    engine = make_engine(f"postgresql:///arb?host={tmp_path}")
    with pytest.raises(StoreUnavailable):
        SqlSessionStore(engine).get("s-none")
