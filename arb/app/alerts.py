"""Alerts, wired: the file that gets every one, the channels that are configured, the table."""

from sqlalchemy import Engine as Database

from arb.adapters.alerts.channels import AlertChannel, AppriseChannel, WebhookChannel
from arb.adapters.alerts.delivery import AlertDelivery
from arb.adapters.alerts.limiter import SharedLimiter
from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.domain.health.alert import Alert
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.stack.home import Home
from config.logging import Redactor, secrets_of
from config.settings import Settings


def alerts_of(
    settings: Settings, database: Database, session_id: SessionId | None, counters: Counters, clock: Clock
) -> RecordedAlerts:
    """Return where alerts go: the file, the channels that are configured, the table."""
    store, home = SqlAlertStore(database), Home.default()
    file = home.alerts_file
    limiter = SharedLimiter(SharedFile(home.quiet_file, clock), settings.alerts.quiet_sec * NS_PER_S)

    def keep(alert: Alert) -> None:
        store.add(session_id or in_use(), alert)

    def in_use() -> SessionId | None:
        """Return the session that a process without one works for: no alert is of any mode."""
        found = SqlSessionStore(database).current(settings.mode, settings.group)
        return None if found is None else found.session_id

    delivery = AlertDelivery(
        channels_of(settings), file, keep, limiter.overdue, counters, clock, sender_of(settings)
    )
    clean = Redactor(secrets_of(settings)).clean
    return RecordedAlerts(store, session_id, file, limiter=limiter, delivery=delivery, clean=clean)


def sender_of(settings: Settings) -> str:
    """Return who tells: no message of one mode or group is to be taken for another's."""
    return f"arb {settings.mode}" + (f" {settings.group}" if settings.group else "")


def channels_of(settings: Settings) -> list[AlertChannel]:
    """Return the configured channels in the order in which they are tried. Raises: ConfigError."""
    channels: list[AlertChannel] = []
    if settings.alerts.urls:
        channels.append(AppriseChannel([url.get_secret_value() for url in settings.alerts.urls]))
    if settings.alerts.webhook_url is not None:
        url = settings.alerts.webhook_url.get_secret_value()
        channels.append(WebhookChannel(url, settings.alerts.timeout_ms))
    return channels
