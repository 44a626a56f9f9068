"""`arb status` and `arb sessions` as in a container: the servers are known, nothing supervises."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arb.adapters.redis.client import connect
from arb.adapters.redis.life import RedisHeartbeats
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.ports.trading import Session
from tests.cli.command import arb
from tests.contracts import world
from tests.contracts.backends import Stores, sql_engine, sql_stores

pytestmark = pytest.mark.integration
NOWHERE = "127.0.0.1:9"
FACTS_OF_A_PROCESS = ["name", "state", "pid", "uptime_s", "starts", "exits", "heartbeat_age_ms"]


@pytest.fixture(scope="module")
def stores(database_url: str) -> Iterator[Stores]:
    engine = sql_engine(database_url)
    yield sql_stores(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def session(stores: Stores) -> Session:
    made = world.session()
    stores.sessions.create(made)
    return made


@pytest.fixture
def servers_at(database_url: str, redis_url: str, session: Session) -> dict[str, str]:
    """What a container is told; two processes of the stack gave a sign of life."""
    with connect(redis_url) as client:
        beats, now_ns = RedisHeartbeats(client, session.environment), time.time_ns()
        beats.beat("orders@one", {}, now_ns)
        beats.beat("feed@two", {}, now_ns - 90 * NS_PER_S)
        client.rpush("mock:orders", "a message")
    return {"ARB_DATABASE_URL": database_url, "ARB_REDIS_URL": redis_url, "COLUMNS": "160"}


def status_of(tmp_path: Path, servers_at: dict[str, str]) -> dict[str, Any]:
    ended = arb(tmp_path, "status", "--json", **servers_at)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = json.loads(ended.stdout)
    assert isinstance(found, dict)
    return found


def test_sessions_are_listed(tmp_path: Path, servers_at: dict[str, str], session: Session) -> None:
    (row,) = json.loads(arb(tmp_path, "sessions", "--json", **servers_at).stdout)["sessions"]
    assert (row["session_id"], row["in_use"], row["snapshot"]) == (session.session_id, True, None)
    heading, mode, *rows = arb(tmp_path, "sessions", **servers_at).stdout.splitlines()
    assert heading == "sessions, on the server of ARB_DATABASE_URL"
    assert mode.startswith("mock ")
    assert [row.split()[1] for row in rows if row.startswith("*")] == [session.session_id]


def test_status_is_what_the_servers_tell(
    tmp_path: Path, servers_at: dict[str, str], session: Session
) -> None:
    found = status_of(tmp_path, servers_at)
    assert (found["home"], found["mode"]) == (str(tmp_path), "mock")
    assert found["session"]["session_id"] == session.session_id
    assert found["queues"] == {"orders": 1, "evaluate": 0, "housekeeping": 0}
    assert (found["hot_state"]["reachable"], found["hot_state"]["fallback"]) == (True, False)
    assert found["dead_letters"] == 0


def test_what_only_a_supervisor_knows_is_null(tmp_path: Path, servers_at: dict[str, str]) -> None:
    found = status_of(tmp_path, servers_at)
    unknown = ("healthy", "flower_url", "web_url", "web_password_file")
    assert [found[name] for name in unknown] == [None] * len(unknown)
    late, fresh = found["processes"]
    assert list(late) == FACTS_OF_A_PROCESS
    assert (late["name"], fresh["name"]) == ("feed@two", "orders@one")
    assert [late[name] for name in FACTS_OF_A_PROCESS[1:-1]] == [None] * 5
    assert fresh["heartbeat_age_ms"] < 90_000 <= late["heartbeat_age_ms"]


def test_status_says_that_nothing_supervises_here(
    tmp_path: Path, servers_at: dict[str, str], session: Session
) -> None:
    said = arb(tmp_path, "status", **servers_at).stdout
    for expected in (f"session  {session.session_id}", "orders 1", "no supervisor here", "feed@two"):
        assert expected in said


def test_while_redis_is_away_the_session_is_shown_and_processes_are_unknown(
    tmp_path: Path, servers_at: dict[str, str], session: Session
) -> None:
    servers_at["ARB_REDIS_URL"] = f"redis://{NOWHERE}/0"
    found = status_of(tmp_path, servers_at)
    assert found["session"]["session_id"] == session.session_id
    assert (found["processes"], found["queues"], found["hot_state"]["reachable"]) == (None, None, False)
    assert "no supervisor here; Redis" in arb(tmp_path, "status", **servers_at).stdout


def test_while_postgres_is_away_the_signs_of_life_are_shown(
    tmp_path: Path, servers_at: dict[str, str]
) -> None:
    servers_at["ARB_DATABASE_URL"] = f"postgresql://nobody@{NOWHERE}/none"
    found = status_of(tmp_path, servers_at)
    assert (found["session"], found["hot_state"]) == (None, None)
    assert [each["name"] for each in found["processes"]] == ["feed@two", "orders@one"]


def test_while_nothing_answers_it_is_one_line(tmp_path: Path) -> None:
    ended = arb(
        tmp_path,
        "status",
        ARB_DATABASE_URL=f"postgresql://nobody@{NOWHERE}/none",
        ARB_REDIS_URL=f"redis://{NOWHERE}/0",
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1


def test_fallback_and_its_beginning_are_shown(
    tmp_path: Path, servers_at: dict[str, str], session: Session, stores: Stores
) -> None:
    stores.sessions.set_mode(session.session_id, Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK), world.NOW_NS)
    hot = status_of(tmp_path, servers_at)["hot_state"]
    assert (hot["fallback"], hot["fallback_since_ns"]) == (True, world.NOW_NS)
    told = arb(tmp_path, "status", "--utc", **servers_at).stdout
    assert "(fallback since 2025-11-20 12:00:00 UTC)" in told
