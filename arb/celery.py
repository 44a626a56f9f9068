"""The Celery app: `celery -A arb worker|beat|flower|call` find it here. Importing it connects nothing."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from kombu.utils.imports import symbol_by_name

from arb.adapters.broker.celery_app import ArbCelery
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import RedisCounters
from arb.domain.health.dead_letter import DeadLetter
from arb.domain.health.queues import MARKS
from arb.ports.messaging import Counters
from arb.stack.ports import LOOPBACK
from config import addresses

# By itself Flower looks for a configuration in the working directory only; where it finds none, it is open to
# everybody on every address.
os.environ.setdefault("FLOWER_CONF", str(Path(addresses.__file__).with_name("flowerconfig.py")))
os.environ.setdefault("FLOWER_ADDRESS", LOOPBACK)


# By name: what buries a message is wired above this module, and sends by its app.
DEAD_LETTERS: Final = "arb.app.dead_letters:dead_letter_use_cases"


@cache
def counters() -> Counters:
    """Return where the dispatcher's counts go."""
    settings = addresses.settings()
    return RedisCounters(connect(addresses.redis_url(settings)), settings.scope)


def keep_dead_letter(letter: DeadLetter) -> None:
    """Give a message up. Raises: StoreUnavailable if neither store takes it."""
    symbol_by_name(DEAD_LETTERS)().keep.run(letter)


app = ArbCelery(
    "arb",
    clock=SystemClock(),
    entropy=SystemEntropy(),
    marks=MARKS,
    counters=counters,
    keep_dead_letter=keep_dead_letter,
    include=["workers.tasks", "workers.life", "beat.tasks"],
)
app.config_from_object("config.celeryconfig")
app.fallback_from_object("config.fallbackconfig")
