"""A server that hangs with its sockets open costs a limited time, and the pool gets over it."""

import signal
import time

import psutil
import pytest
from sqlalchemy import text

from arb.adapters.postgres import engine as module
from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import Pool, make_engine, transaction
from arb.domain.errors import StoreUnavailable
from arb.domain.time import NS_PER_S

pytestmark = pytest.mark.integration


def test_a_stopped_backend_is_given_up_in_time(database_url, monkeypatch):
    monkeypatch.setattr(patience, "ANSWER_MS_MAX", 300)
    monkeypatch.setattr(module, "TRUSTED_NS", 0)
    engine = make_engine(database_url, Pool(size=1))
    with transaction(engine) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    backend = psutil.Process(pid)
    backend.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable), transaction(engine) as connection:
            connection.execute(text("SELECT 1"))
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            psutil.Process(pid).send_signal(signal.SIGSTOP)
            connection.execute(text("SELECT 1"))
        assert time.monotonic() - began < 5
    finally:
        for process in (backend, psutil.Process(pid)):
            process.send_signal(signal.SIGCONT)
    with transaction(engine) as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    engine.dispose()


def test_a_connection_idle_for_too_long_is_replaced(database_url):
    engine = make_engine(database_url, Pool(size=1, idle_s=0))
    pids = set()
    for _ in range(2):
        with transaction(engine) as connection:
            pids.add(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    engine.dispose()
    assert len(pids) == 2


def backend_of(engine) -> int:
    with transaction(engine) as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def end(database_url, pid: int) -> None:
    other = make_engine(database_url, Pool(size=1))
    with transaction(other) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()


def test_a_connection_that_rested_and_is_gone_is_replaced_without_anybody_noticing(database_url, monkeypatch):
    monkeypatch.setattr(module, "TRUSTED_NS", 0)
    engine = make_engine(database_url, Pool(size=2))
    gone = backend_of(engine)
    end(database_url, gone)
    assert backend_of(engine) != gone
    engine.dispose()


def test_a_connection_that_was_used_a_moment_ago_is_trusted_and_fails_once_if_it_is_gone(
    database_url, monkeypatch
):
    monkeypatch.setattr(module, "TRUSTED_NS", 3600 * NS_PER_S)
    engine = make_engine(database_url, Pool(size=2))
    gone = backend_of(engine)
    end(database_url, gone)
    with pytest.raises(StoreUnavailable):
        backend_of(engine)
    assert backend_of(engine) != gone
    engine.dispose()


def test_a_hot_pool_asks_nothing_before_a_transaction(database_url, monkeypatch):
    asked = []
    engine = make_engine(database_url, Pool(size=1))
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: asked.append(connection) or True)
    monkeypatch.setattr(module, "TRUSTED_NS", 3600 * NS_PER_S)
    assert backend_of(engine) == backend_of(engine)
    assert not asked
    monkeypatch.setattr(module, "TRUSTED_NS", 0)
    backend_of(engine)
    assert len(asked) == 1
    engine.dispose()
