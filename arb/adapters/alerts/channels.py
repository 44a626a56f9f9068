"""Ways to reach a person. A channel says in a few words why it could not; it never names its address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import orjson
import structlog
import urllib3

from arb.adapters.alerts.addresses import scheme_of, service_of
from arb.adapters.local.errands import ThreadErrands
from arb.domain.errors import Late
from arb.domain.health.alert import Alert, Severity
from arb.domain.health.message import Message
from arb.ports.messaging import Sent

log = structlog.get_logger("arb.alerts")
NO_RETRY: Final = urllib3.Retry(total=False)
# apprise waits up to 5.5 s between two messages to one service, and 4 s each for its connection and answer.
SERVICE_MS_MAX: Final = 15_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """What is sent: a headline and a text, and for programs the same as a document."""

    title: str
    body: str
    severity: Severity = Severity.INFO
    document: dict[str, Any] = field(default_factory=dict)


class AlertChannel(Protocol):
    """One way to reach a person."""

    name: str

    def send(self, notice: AlertNotice) -> str:
        """Return nothing if the notice was taken, else why not. Never raises, and ends in a few seconds."""


class AppriseChannel:
    """Any service that apprise has a URL for: Slack, e-mail, Telegram, Discord and a hundred more.

    All of them at once: one that hangs keeps no other waiting.
    """

    name = "apprise"

    def __init__(self, urls: Sequence[str]) -> None:
        self._services = {
            f"{scheme_of(url)} ({place + 1})": service_of(url, f"alerts.urls[{place}]")
            for place, url in enumerate(urls)
        }
        self._errands = ThreadErrands()

    def send(self, notice: AlertNotice) -> str:
        from apprise import NotifyFormat, NotifyType

        kinds = {Severity.INFO: NotifyType.INFO, Severity.WARNING: NotifyType.WARNING}
        calls = {
            name: partial(
                service.notify,
                title=notice.title,
                body=notice.body,
                notify_type=kinds.get(notice.severity, NotifyType.FAILURE),
                body_format=NotifyFormat.TEXT,  # else a service may take a _ for the beginning of its markup
            )
            for name, service in self._services.items()
        }
        outcomes = self._errands.run_all(calls, SERVICE_MS_MAX)
        failed = [name for name, outcome in outcomes.items() if not _took(outcome)]
        if len(failed) == len(self._services):
            return f"not taken by {', '.join(failed)}"
        if failed:
            log.warning("alert_service_failed", services=failed, title=notice.title)
        return ""


def _took(outcome: Any) -> bool:
    try:
        return bool(outcome())
    except Late:
        return False
    except Exception:  # noqa: BLE001 - a hundred services of others: none of them ends our thread
        return False


class WebhookChannel:
    """A plain POST of the document as JSON."""

    name = "webhook"

    def __init__(self, url: str, timeout_ms: int) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=timeout_ms / 1000), retries=NO_RETRY)

    def send(self, notice: AlertNotice) -> str:
        body = orjson.dumps(notice.document)
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers={"Content-Type": "application/json"}
            )
        except urllib3.exceptions.HTTPError as error:
            return type(error).__name__
        return "" if 200 <= answer.status < 300 else f"status {answer.status}"


@dataclass(frozen=True, slots=True)
class Channels:
    """`arb.ports.messaging.Messenger`: the first channel that takes a message has it."""

    channels: Sequence[AlertChannel]
    sender: str

    def send(self, title: str, text: str, message: Message) -> Sent:
        document = {"sender": self.sender, "title": title, "text": text, **_message_document(message)}
        notice = AlertNotice(title=f"{self.sender}: {title}", body=text or title, document=document)
        failed = []
        for channel in self.channels:
            why = channel.send(notice)
            if not why:
                return Sent(by=channel.name)
            failed.append(f"{channel.name}: {why}")
        return Sent(why="; ".join(failed) or "no channel is configured")


def _message_document(message: Message) -> dict[str, Any]:
    """Return a message as plain JSON."""
    return {
        "kind": message.kind.value,
        "key": message.key,
        "at_ns": message.at_ns,
        "facts": dict(message.facts),
    }


def notice_of(alert: Alert, sender: str) -> AlertNotice:
    """Return what is sent of an alert, and of which mode it is: nobody is to take one for another's."""
    return AlertNotice(
        title=f"{sender}: [{alert.severity.value}] {alert.kind} {alert.subject}",
        body=alert.message,
        severity=alert.severity,
        document={"sender": sender, **document_of(alert)},
    )


def document_of(alert: Alert) -> dict[str, Any]:
    """Return an alert as plain JSON."""
    return {
        "at_ns": alert.at_ns,
        "severity": alert.severity.value,
        "kind": alert.kind,
        "subject": alert.subject,
        "message": alert.message,
        "held_back": alert.held_back,
    }
