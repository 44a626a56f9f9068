"""A server that hangs with its sockets open costs a limited time, and the pool gets over it."""

import signal
import time

import psutil
import pytest
from sqlalchemy import text

from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import Pool, make_engine, transaction
from arb.domain.errors import StoreUnavailable

pytestmark = pytest.mark.integration


def test_a_stopped_backend_is_given_up_in_time(database_url, monkeypatch):
    monkeypatch.setattr(patience, "ANSWER_MS_MAX", 300)
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
