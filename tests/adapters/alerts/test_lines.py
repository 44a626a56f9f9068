"""Every alert is a line of the file; a disk that hangs keeps nobody waiting and loses none."""

import json
import os
import threading
from dataclasses import replace

from arb.adapters.alerts import lines
from arb.adapters.alerts.delivery import AlertDelivery
from arb.adapters.alerts.limiter import MemoryLimiter
from arb.adapters.alerts.lines import AlertLines
from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.health.alert import AlertKind
from tests.adapters.alerts.test_delivery import QUIET_NS, Counts, alert


class Heard:
    """A channel that says what came."""

    name = "heard"

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.came = threading.Semaphore(0)

    def send(self, told) -> str:
        self.kinds.append(told.document["kind"])
        self.came.release()
        return ""


def alerts_of(count: int):
    return [replace(alert(), kind=kind) for kind in list(AlertKind)[:count]]


def test_the_line_is_there_when_append_returns(tmp_path):
    file = tmp_path / "logs" / "alerts.log"
    written = AlertLines(file)
    for number, each in enumerate(alerts_of(3), start=1):
        written.append(each)
        assert len(file.read_text().splitlines()) == number


def test_a_thread_that_ended_for_want_of_work_is_followed_by_another(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "IDLE_S", 0.01)
    written = AlertLines(tmp_path / "alerts.log")
    for each in alerts_of(2):
        written.append(each)
        while written._thread is not None:
            SystemClock().sleep_ms(5)
    assert len((tmp_path / "alerts.log").read_text().splitlines()) == 2


def test_on_a_disk_that_hangs_the_channels_have_the_alerts_and_the_lines_come_with_the_disk(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(lines, "WAIT_S_MAX", 0.1)
    file, heard, store = tmp_path / "alerts.log", Heard(), MemoryAlertStore(MemoryTables())
    os.mkfifo(file)  # without a reader, whoever opens it to write hangs
    limiter = MemoryLimiter(QUIET_NS)
    delivery = AlertDelivery(
        [heard], file, lambda told: store.add(None, told), limiter.overdue, Counts(), SystemClock()
    )
    sink = RecordedAlerts(store, None, file, limiter=limiter, delivery=delivery)
    for each in alerts_of(3):
        sink.raise_alert(each)
    for _ in range(3):
        assert heard.came.acquire(timeout=30)
    # Read and write: the pipe has no end between one line, after which its writer closes it, and the next.
    with os.fdopen(os.open(file, os.O_RDWR)) as disk:
        kinds = [json.loads(disk.readline())["kind"] for _ in range(3)]
    assert kinds == heard.kinds == list(AlertKind)[:3]


def test_no_channel_waits_for_a_database_that_hangs(tmp_path):
    heard, end = Heard(), threading.Event()
    limiter = MemoryLimiter(QUIET_NS)
    delivery = AlertDelivery(
        [heard], tmp_path / "alerts.log", lambda _: bool(end.wait()), limiter.overdue, Counts(), SystemClock()
    )
    for each in alerts_of(3):
        delivery.submit(each)
    for _ in range(3):
        assert heard.came.acquire(timeout=30)
    assert not delivery.flush(50), "the rows are not written"
    end.set()
    assert delivery.flush(30_000)
