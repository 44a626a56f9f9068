"""Alerts reach a real HTTP server and a real mail server; with both down the file has them."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from arb.adapters.alerts.channels import AppriseChannel, WebhookChannel
from arb.adapters.alerts.delivery import AlertDelivery
from arb.adapters.alerts.limiter import KEYS_MAX, MemoryLimiter, SharedLimiter
from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.clock import ManualClock, SystemClock
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import ConfigError
from arb.domain.health.alert import Alert, Severity
from arb.domain.time import NS_PER_S
from config.logging import Redactor
from tests.adapters.alerts.smtp_server import SmtpServer
from tests.free_port import free_port

# apprise imports it where Python still has it
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
QUIET_NS = 300 * NS_PER_S


class Counts:
    def __init__(self) -> None:
        self.counted: dict[tuple[str, str], int] = {}

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.counted[name, reason] = self.counted.get((name, reason), 0) + amount

    def read(self):
        return {}


@pytest.fixture
def posts() -> Iterator[tuple[str, list[dict]]]:
    """A server's address and what was posted to it."""
    received: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/alerts", received
        server.shutdown()
        thread.join()


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def mail_url(port: int) -> str:
    return f"mailto://127.0.0.1:{port}/?from=arb@example.org&to=desk@example.org&mode=insecure"


def alert(at_s: int = 1_000, message: str = "upbit holds 1 BTC, the ledger says 2") -> Alert:
    return Alert(
        kind="ledger_drift", subject="upbit:BTC", severity=Severity.CRITICAL, message=message,
        at_ns=at_s * NS_PER_S,
    )  # fmt: skip


class Desk:
    """Alerts with everything behind them."""

    def __init__(self, path: Path, channels, limiter=None, secrets=()) -> None:
        self.tables, self.counts, self.path = MemoryTables(), Counts(), path
        self.limiter = limiter or MemoryLimiter(QUIET_NS)
        store = MemoryAlertStore(self.tables)
        self.delivery = AlertDelivery(
            channels, path, lambda told: store.add(None, told), self.limiter.overdue, self.counts,
            SystemClock(),
        )  # fmt: skip
        self.sink = RecordedAlerts(
            store, None, path, limiter=self.limiter, delivery=self.delivery, clean=Redactor(secrets).clean
        )

    def tell(self, *alerts: Alert) -> None:
        for each in alerts:
            self.sink.raise_alert(each)
        assert self.delivery.flush(30_000)

    def rows(self) -> list[Alert]:
        return [told for _, told in self.tables.alerts]

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def test_an_alert_is_mailed_and_the_row_says_so(tmp_path, mail):
    desk = Desk(tmp_path / "alerts.log", [AppriseChannel([mail_url(mail.port)])])
    desk.tell(alert())
    [message] = mail.messages
    assert "[critical] ledger_drift upbit:BTC" in message
    assert "the ledger says 2" in message
    assert [row.delivered_by for row in desk.rows()] == ["apprise"]
    assert [line["kind"] for line in desk.lines()] == ["ledger_drift"]


def test_without_the_mail_server_the_webhook_has_it(tmp_path, posts):
    url, received = posts
    desk = Desk(
        tmp_path / "alerts.log", [AppriseChannel([mail_url(free_port())]), WebhookChannel(url, 2_000)]
    )
    desk.tell(alert())
    assert [post["message"] for post in received] == ["upbit holds 1 BTC, the ledger says 2"]
    assert [row.delivered_by for row in desk.rows()] == ["webhook"]
    assert desk.counts.counted == {("alerts", "apprise_failed"): 1, ("alerts", "webhook_sent"): 1}


def test_with_both_down_the_file_has_it(tmp_path):
    webhook = WebhookChannel(f"http://127.0.0.1:{free_port()}/", 2_000)
    desk = Desk(tmp_path / "alerts.log", [AppriseChannel([mail_url(free_port())]), webhook])
    desk.tell(alert())
    assert [line["message"] for line in desk.lines()] == ["upbit holds 1 BTC, the ledger says 2"]
    assert [row.delivered_by for row in desk.rows()] == [""]


def test_with_the_database_down_too_the_file_has_it(tmp_path):
    desk = Desk(tmp_path / "alerts.log", [])
    desk.tables.away = True
    desk.tell(alert())
    assert len(desk.lines()) == 1
    assert desk.counts.counted[("alerts", "not_stored")] == 1


def test_a_thousand_equal_alerts_make_one_message_and_a_count(tmp_path, posts):
    url, received = posts
    desk = Desk(tmp_path / "alerts.log", [WebhookChannel(url, 2_000)])
    desk.tell(*(alert(1_000) for _ in range(1_000)))
    assert len(received) == len(desk.rows()) == len(desk.lines()) == 1
    [summary] = desk.limiter.overdue(1_300 * NS_PER_S)
    assert summary.held_back == 999
    assert summary.message == "999 more like this were held back in 300 s"
    assert desk.limiter.overdue(1_301 * NS_PER_S) == []


def test_what_was_held_back_is_told_in_the_file_too_which_needs_no_channel(tmp_path):
    desk = Desk(tmp_path / "alerts.log", [])
    desk.tables.away = True
    desk.tell(alert(1_000), alert(1_000), alert(1_001, "upbit holds 1 BTC, the ledger says 3"))
    until_s = time.monotonic() + 10
    while len(desk.lines()) < 2 and time.monotonic() < until_s:
        time.sleep(0.05)
    [_, summary] = desk.lines()
    assert summary["message"].startswith("upbit holds 1 BTC, the ledger says 3 (the last of 2 ")
    assert (summary["severity"], summary["held_back"]) == ("critical", 2)


def test_many_subjects_with_long_words_fit_into_the_file_that_is_shared(tmp_path):
    limiters = [SharedLimiter(SharedFile(tmp_path / "quiet.json", ManualClock()), QUIET_NS) for _ in range(2)]
    odd = [replace(alert(message="x" * 1_000), subject=f"upbit:{number:030}") for number in range(KEYS_MAX)]
    assert [limiters[0].admit(each) for each in odd] == [0] * KEYS_MAX
    assert [limiters[1].admit(each) for each in odd] == [None] * KEYS_MAX


def test_two_processes_share_the_quiet_time(tmp_path):
    one, two = (SharedLimiter(SharedFile(tmp_path / "quiet.json", ManualClock()), QUIET_NS) for _ in range(2))
    assert one.admit(alert(1_000)) == 0
    assert two.admit(alert(1_001)) is None
    assert one.admit(alert(1_301)) == 1


def test_an_alarm_whose_process_died_is_told_again_once_none_is_under_way(tmp_path, posts):
    url, received = posts
    desk = Desk(tmp_path / "alerts.log", [WebhookChannel(url, 2_000)])
    assert desk.limiter.admit(alert(1_000)) == 0  # and there it died
    for at_s in (1_005, 1_009):
        desk.sink.repeat_alert(alert(at_s))
    assert desk.rows() == []
    for at_s in (1_010, 1_012):
        desk.sink.repeat_alert(alert(at_s))
    assert desk.delivery.flush(30_000)
    assert len(received) == len(desk.rows()) == len(desk.lines()) == 1
    assert desk.limiter.overdue(1_400 * NS_PER_S) == []


def test_an_alarm_that_was_never_raised_is_repeated_at_once_by_one_of_two_processes(tmp_path):
    one, two = (SharedLimiter(SharedFile(tmp_path / "quiet.json", ManualClock()), QUIET_NS) for _ in range(2))
    assert [limiter.admit_again(alert(1_000)) for limiter in (one, two)] == [True, False]
    assert one.admit(alert(1_001)) is None


def test_a_subject_with_a_bar_in_it_is_summed_up_whole():
    limiter = MemoryLimiter(QUIET_NS)
    odd = Alert(kind="test", subject="a|b", severity=Severity.WARNING, message="", at_ns=0)
    limiter.admit(odd)
    limiter.admit(odd)
    [summary] = limiter.overdue(QUIET_NS)
    assert (summary.kind, summary.subject, summary.severity) == ("test", "a|b", Severity.WARNING)


def test_no_secret_leaves_in_any_way(tmp_path, posts):
    url, received = posts
    desk = Desk(tmp_path / "alerts.log", [WebhookChannel(url, 2_000)], secrets=["topsecretvalue"])
    desk.tell(alert(message="key topsecretvalue at postgresql://arb:hunter2@db/arb"))
    told = json.dumps(received) + desk.path.read_text() + str(desk.rows())
    assert "topsecretvalue" not in told
    assert "hunter2" not in told
    assert received[0]["message"] == "key *** at postgresql://***@db/arb"


def test_an_address_that_apprise_does_not_know_is_refused_without_its_secret():
    with pytest.raises(
        ConfigError, match=r"alerts\.urls\[0\]: apprise knows no such bogus:// address"
    ) as raised:
        AppriseChannel(["bogus://token-that-is-secret@host"])
    assert "secret" not in str(raised.value)
