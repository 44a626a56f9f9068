"""Beat through an outage of Redis: it starts, it publishes, and two of them make one snapshot a slot."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from arb.adapters.sql.engine import Pool, make_engine
from arb.adapters.sql.sessions import SqlSessionStore
from arb.domain.ids import SessionId
from arb.domain.risk import Mode
from arb.operate.queue.town import Town, until
from arb.ports import Session
from arb.runtime.home import CHECKOUT

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
CELERY = (sys.executable, "-m", "celery")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
INTERVAL_S = 3
UP_S = 60.0


class Processes:
    """Celery processes of the real app on given servers; killed at the end."""

    def __init__(self, directory: Path, redis_url: str, database_url: str, cleanup: ExitStack) -> None:
        self.directory = directory
        self.cleanup = cleanup
        self.environment = os.environ | {
            "ARB_HOME": str(directory / "home"),
            "ARB_MODE": "mock",
            "ARB_REDIS_URL": redis_url,
            "ARB_DATABASE_URL": database_url,
            "ARB_SNAPSHOT__INTERVAL_S": str(INTERVAL_S),
        }

    def start(self, name: str, *command: str) -> subprocess.Popen:
        with (self.directory / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                (*CELERY, *command), stdout=log, stderr=log, env=self.environment, cwd=CHECKOUT
            )
        self.cleanup.callback(process.wait)
        self.cleanup.callback(process.kill)
        return process

    def beat(self, name: str) -> subprocess.Popen:
        schedule = str(self.directory / f"{name}-schedule")
        return self.start(name, "-A", "arb", "beat", "--schedule", schedule, "-l", "INFO")


@pytest.fixture
def cleanup():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def rows(database_url, cleanup):
    """Run SQL, return the rows."""
    engine = create_engine(database_url)
    cleanup.callback(engine.dispose)

    def run(statement: str) -> list:
        with engine.connect() as connection:
            return list(connection.execute(text(statement)))

    return run


@pytest.fixture
def session(database_url, cleanup):
    """The session that the engine of a process finds."""
    engine = make_engine(database_url, Pool(size=1, overflow_max=1, lifetime_s=60, timeout_s=5))
    cleanup.callback(engine.dispose)
    now_ns = time.time_ns()
    SqlSessionStore(engine).create(
        Session(
            session_id=SessionId("beats"),
            environment="mock",
            started_at_ns=now_ns,
            mode=Mode.NORMAL,
            mode_reason="test",
            mode_changed_at_ns=now_ns,
        )
    )


def test_beat_starts_while_redis_is_away_and_publishes_to_the_fallback(tmp_path, database_url, rows, cleanup):
    processes = Processes(tmp_path, "redis://127.0.0.1:1/0", database_url, cleanup)
    beat = processes.beat("beat")

    def published() -> int:
        if not rows("SELECT 1 FROM pgmq.meta WHERE queue_name = 'housekeeping'"):
            return 0
        return rows("SELECT count(*) FROM pgmq.q_housekeeping")[0][0]

    assert until(lambda: published() >= 5, UP_S, 0.2), (tmp_path / "beat.log").read_text()
    assert beat.poll() is None


def test_two_beats_make_one_snapshot_a_slot_through_an_outage(tmp_path, database_url, rows, session, cleanup):
    town = cleanup.enter_context(Town())
    processes = Processes(tmp_path, town.server.url, database_url, cleanup)
    processes.start("worker", "-A", "arb", "worker", "-Q", "housekeeping", "-P", "threads", "-c", "2", *QUIET)
    processes.start("fallback", "-A", "workers.fallback", "worker", "-P", "threads", "-c", "2", *QUIET)
    processes.beat("first")
    processes.beat("second")

    def slots() -> list[int]:
        found = rows("SELECT slot FROM session_snapshots WHERE slot LIKE 'periodic:%'")
        return sorted(int(slot.split(":")[1]) for (slot,) in found)

    assert until(lambda: len(slots()) >= 3, UP_S, 0.2), (tmp_path / "worker.log").read_text()
    town.kill_redis()
    time.sleep(4 * INTERVAL_S)
    during = slots()
    town.start_redis()
    time.sleep(4 * INTERVAL_S)
    found = slots()
    print(f"slots {[slot - found[0] for slot in found]}, {len(during)} of them before Redis was back")
    assert len(found) == len(set(found))
    assert found == list(range(found[0], found[-1] + 1)), "no slot without a snapshot"
