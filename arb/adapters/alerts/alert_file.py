"""The file that always gets the alerts: a line of JSON each, at once."""

from pathlib import Path

import orjson

from arb.adapters.alerts.alert_channels import document_of
from arb.domain.health.alert import Alert


def append(path: Path, alert: Alert) -> None:
    """Write one alert. Never raises."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(orjson.dumps(document_of(alert)).decode() + "\n")
    except OSError:
        return  # a full disk must not stop trading; the channels and the row have the alert
