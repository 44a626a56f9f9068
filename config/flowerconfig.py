"""Defaults of `celery -A arb flower`: a password, no events, few tasks.

Flower reads this file after its environment and before its command line; `arb.celery` tells it where it is.
Without a password everybody who reaches the port could read every task and, with Flower's API, run any.
Events would halve a busy worker's throughput, and Flower asks all workers for them unless told not to.
"""

import os
from pathlib import Path

from arb.adapters.local.collector import settle
from arb.stack.errors import StackNotRunning
from arb.stack.home import read_runtime
from arb.stack.processes import FLOWER_TASKS_MAX


def _basic_auth() -> list[str]:
    """Return user:password of the environment, or of the stack that runs here."""
    if configured := os.environ.get("FLOWER_BASIC_AUTH"):
        return configured.split(",")
    try:
        path = read_runtime().flower_credentials
    except StackNotRunning:
        path = None
    if path is None:
        raise SystemExit("arb: flower needs a password: set FLOWER_BASIC_AUTH=user:password")
    return [Path(path).read_text(encoding="utf-8").strip()]


basic_auth = _basic_auth()
enable_events = False
settle()  # all but a little of Flower is imported by now
max_tasks = FLOWER_TASKS_MAX
