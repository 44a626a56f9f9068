"""Ways to reach a person. A channel says in a few words why it could not; it never names its address."""

import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson
import structlog
import urllib3

from arb.domain.errors import ConfigError
from arb.domain.health.alert import Alert, Severity

log = structlog.get_logger("arb.alerts")
NO_RETRY: Final = urllib3.Retry(total=False)


class Channel(Protocol):
    """One way."""

    name: str

    def send(self, alert: Alert) -> str:
        """Return nothing if the alert was taken, else why not. Never raises, and ends in a few seconds."""


class AppriseChannel:
    """Any service that apprise has a URL for: Slack, e-mail, Telegram, Discord and a hundred more."""

    name = "apprise"

    def __init__(self, urls: Sequence[str]) -> None:
        self._services = [(_scheme(url), service_of(url, place)) for place, url in enumerate(urls)]

    def send(self, alert: Alert) -> str:
        from apprise import NotifyType

        kinds = {Severity.INFO: NotifyType.INFO, Severity.WARNING: NotifyType.WARNING}
        failed = [
            scheme
            for scheme, service in self._services
            if not service.notify(
                title=title_of(alert),
                body=alert.message,
                notify_type=kinds.get(alert.severity, NotifyType.FAILURE),
            )
        ]
        if len(failed) == len(self._services):
            return f"not taken by {', '.join(failed)}"
        if failed:
            log.warning("alert_service_failed", services=failed, kind=alert.kind)
        return ""


def service_of(url: str, place: int) -> Any:
    """Return apprise's sender of a URL. Raises: ConfigError naming the key and the scheme, no more."""
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines hold the addresses
    service = Apprise()
    if not service.add(url):
        raise ConfigError(f"alerts.urls[{place}]: apprise knows no such {_scheme(url)}:// address")
    return service


def _scheme(url: str) -> str:
    scheme, found, _ = url.partition("://")
    return scheme if found and scheme.isalnum() else "..."


class WebhookChannel:
    """A plain POST of the alert as JSON."""

    name = "webhook"

    def __init__(self, url: str, timeout_ms: int) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(total=timeout_ms / 1000), retries=NO_RETRY)

    def send(self, alert: Alert) -> str:
        body = orjson.dumps(document_of(alert))
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers={"Content-Type": "application/json"}
            )
        except urllib3.exceptions.HTTPError as error:
            return type(error).__name__
        return "" if 200 <= answer.status < 300 else f"status {answer.status}"


def title_of(alert: Alert) -> str:
    """Return a headline."""
    return f"[{alert.severity.value}] {alert.kind} {alert.subject}"


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
