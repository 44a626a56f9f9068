"""The embedded pair on its own."""

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import pytest
import redis
from sqlalchemy.engine import make_url

from arb.stack import postgres_place, redis_server
from arb.stack.errors import ServerMissing
from arb.stack.home import Home
from arb.stack.postgres_place import can_reach, find_place
from arb.stack.postgres_server import embedded_postgres
from arb.stack.redis_server import find_program, ping_redis

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="PostgreSQL changes its user only when started by root"
)


@pytest.fixture
def elsewhere(monkeypatch):
    """The place for what PostgreSQL's user cannot reach, in the temporary directory."""
    with tempfile.TemporaryDirectory(prefix="arb-test-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(postgres_place, "ELSEWHERE", Path(folder))
        yield Path(folder)


def a_program(folder: Path, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.integration
def test_redis_keeps_what_it_is_given_and_wants_its_password(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    url = make_url(redis_url)
    assert "authenticat" in (ping_redis(f"redis://{url.host}:{url.port}/0") or "").lower()


@pytest.mark.integration
def test_postgres_is_reached_through_its_private_socket_only(database_url):
    url = make_url(database_url).set(drivername="postgresql").render_as_string()
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('listen_addresses'), current_setting('server_version_num')::int"
        )
        addresses, version = cursor.fetchone()
    connection.close()
    assert (addresses, version // 10_000) == ("", 18)
    sockets = Path(make_url(database_url).query["host"])
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700


@pytest.mark.integration
def test_a_module_gets_a_migrated_database(database_url):
    connection = psycopg2.connect(make_url(database_url).set(drivername="postgresql").render_as_string())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM alembic_version")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_a_redis_that_is_too_old_is_passed_over(tmp_path, monkeypatch):
    old = a_program(tmp_path / "old", "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    assert find_program() != old


def test_a_redis_on_the_path_is_preferred(tmp_path, monkeypatch):
    new = a_program(tmp_path / "new", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    monkeypatch.setenv("PATH", f"{new.parent}:{os.environ['PATH']}")
    assert find_program() == new


def test_no_redis_at_all_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(redis_server, "_bundled", lambda: None)
    with pytest.raises(ServerMissing, match="apt-get install redis-server"):
        find_program()


def test_an_interrupted_initdb_is_begun_anew(second_home):
    place = find_place(second_home)
    place.empty_directory(place.data.with_name("data.new"))
    (place.data.with_name("data.new") / "half").write_text("written")
    embedded_postgres(second_home)
    assert (place.data / "PG_VERSION").read_text().strip() == "18"
    assert not (place.data / "half").exists()


@needs_root
def test_where_the_way_is_barred_postgres_lives_elsewhere_and_no_permission_changes(tmp_path, elsewhere):
    barred = tmp_path / "barred"
    barred.mkdir(mode=0o700)
    home = Home(barred / "home")
    home.create()
    place = find_place(home)
    assert place.data.is_relative_to(elsewhere)
    assert can_reach(place.data.parent, "pgserver")
    assert find_place(home) == place
    assert stat.S_IMODE(barred.stat().st_mode) == 0o700
    home.remove()
    assert list(elsewhere.iterdir()) == []


@needs_root
def test_binaries_out_of_reach_are_copied_and_run(elsewhere, monkeypatch):
    monkeypatch.setattr(postgres_place, "can_reach", lambda path, user: path.is_relative_to(elsewhere))
    binaries = postgres_place._reachable_binaries(postgres_place._bundled(), "pgserver")
    said = subprocess.check_output([binaries / "initdb", "--version"], text=True, user="pgserver")
    assert said.startswith("initdb (PostgreSQL) 18")
