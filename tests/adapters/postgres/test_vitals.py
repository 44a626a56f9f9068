"""The watch over a PostgreSQL that hangs with its sockets open: it is told, and nobody waits for it."""

import json
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from arb.adapters.alerts.delivery import AlertDelivery
from arb.adapters.alerts.limiter import MemoryLimiter
from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.postgres import patience
from arb.adapters.postgres.alerts import SqlAlertStore, SqlHealthChanges
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.vitals import SqlVitals, asking_engine
from arb.domain.errors import StoreUnavailable
from arb.domain.health.judge import Rule
from arb.domain.time import NS_PER_MS
from arb.engine.health.probes.books import VITALS_MS_MAX, Books, LastVitals
from arb.engine.health.watch import ERRAND_MS_MAX
from arb.engine.market.feed_guard import FeedGuard
from tests.adapters.alerts.test_delivery import QUIET_NS, Counts
from tests.adapters.postgres.test_unavailable import Killable, database
from tests.contracts import world
from tests.engine.health.test_watch import Post, Store, replaced

__all__ = ["database"]
pytestmark = pytest.mark.integration
SWEEPS_MAX = 10
READ = ("ws_lag_ms", "snapshot_age_ms", "unknown_order_age_ms", "unhedged_age_ms", "unhedged_krw")
SWEEP_MS_MAX = VITALS_MS_MAX + 4 * ERRAND_MS_MAX


@contextmanager
def stopped(server: Killable) -> Iterator[None]:
    """Keep the server and every backend alive and silent."""
    top = psutil.Process(server.running.pid)
    top.send_signal(signal.SIGSTOP)  # before its backends, so that it begins no further one
    backends = top.children(recursive=True)
    _signal(backends, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal([top, *backends], signal.SIGCONT)


def _signal(processes: Iterable[psutil.Process], number: int) -> None:
    """Send a signal to each; a backend whose client had just left may have ended by itself."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


class Sql:
    """A watch whose books, session, changes and rows of alerts are in PostgreSQL, as in a process."""

    def __init__(self, server: Killable, file: Path) -> None:
        self.engine, self.asking = make_engine(server.server.url), asking_engine(server.server.url)
        self.sessions, self.file = SqlSessionStore(self.engine), file
        self.session = world.session()
        self.sessions.create(self.session)
        rows, limiter = SqlAlertStore(self.engine), MemoryLimiter(QUIET_NS)
        delivery = AlertDelivery(
            [], file, lambda alert: rows.add(None, alert), limiter.overdue, Counts(), SystemClock()
        )
        alerts = RecordedAlerts(rows, None, file, limiter=limiter, delivery=delivery)
        self.post = Post()
        self.post.clock.advance_ms(self.session.mode_changed_at_ns // NS_PER_MS)
        vitals = LastVitals(SqlVitals(self.asking, self.session.environment, self.session.group_name))
        guard = FeedGuard(
            session_id=self.session.session_id, registry=MemoryFeedRegistry(self.post.quotes),
            sessions=self.sessions, alerts=alerts,
        )  # fmt: skip
        rules = {name: Rule(name=name, warn=Decimal(2), limit=Decimal(5), borne=True) for name in READ}
        replaced(
            self.post, vitals=vitals, changes=SqlHealthChanges(self.engine), alerts=alerts, feeds=guard,
            probes=(Books(vitals), self.post.given), redis_probes=(), rules=rules,
            monitor=replace(self.post.watch.monitor, vitals=vitals),
        )  # fmt: skip

    def told(self) -> list[tuple[str, str]]:
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [(line["kind"], line["severity"]) for line in lines]

    def timed_sweep(self, value: int) -> float:
        began = time.monotonic()
        self.post.sweep(1, value=value)
        return (time.monotonic() - began) * 1000


def test_a_stopped_server_is_told_by_the_second_sweep_and_its_return_as_well(database, tmp_path):
    sql = Sql(database, tmp_path / "alerts.log")
    sql.timed_sweep(0)  # the pool has a connection now, which will hang
    assert ("postgres_unreachable", "critical") not in sql.told()
    with stopped(database):
        assert sql.timed_sweep(0) < SWEEP_MS_MAX
        assert sql.told().count(("postgres_unreachable", "critical")) == 0, "a moment is no outage"
        assert sql.timed_sweep(3) < SWEEP_MS_MAX
        assert sql.told().count(("postgres_unreachable", "critical")) == 1
        assert ("watchdog_ws_lag_ms", "warning") in sql.told(), "what else is wrong is told as well"
        assert "watch_hangs" not in [kind for kind, _ in sql.told()]
    for _ in range(SWEEPS_MAX):  # the question that hung may take a moment to end
        sql.timed_sweep(3)
        if ("postgres_unreachable", "info") in sql.told():
            return
    pytest.fail(f"its return was not told: {sql.told()}")


def test_a_server_that_does_not_greet_is_given_up_before_one_that_does_not_answer(database, monkeypatch):
    monkeypatch.setattr(patience, "CONNECT_MS_MAX", 300)
    vitals = SqlVitals(asking_engine(database.server.url), "mock")
    with stopped(database), pytest.raises(StoreUnavailable, match="within 300 ms"):
        vitals.read()


def test_a_server_that_stops_between_its_answer_and_the_writes_keeps_no_sweep(database, tmp_path):
    sql = Sql(database, tmp_path / "alerts.log")
    sql.timed_sweep(0)
    answer = sql.post.watch.vitals.store.read()
    replaced(sql.post, vitals=LastVitals(Store(answer)))
    with stopped(database):
        assert sql.timed_sweep(3) < SWEEP_MS_MAX
        assert sql.timed_sweep(9) < SWEEP_MS_MAX
        told = sql.told()
    assert ("watchdog_ws_lag_ms", "warning") in told
    assert ("watchdog_ws_lag_ms", "critical") in told
    assert ("watch_hangs", "warning") in told
