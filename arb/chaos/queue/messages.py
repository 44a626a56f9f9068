"""Task messages as Celery publishes them, made in a fraction of the time."""

import base64
import json
from typing import Any


def message(
    number: int, queue: str, arguments: tuple[int, ...], task: str = "town.work", **headers: Any
) -> str:
    """Return the text of one message."""
    body = base64.b64encode(json.dumps([arguments, {}, {}]).encode()).decode()
    tag = f"town-{queue}-{number}"
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task, "id": tag, "retries": 0, "eta": None, "expires": None}
            | headers,
            "properties": {
                "correlation_id": tag,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": tag,
            },
        }
    )
