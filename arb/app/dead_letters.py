"""What giving a message up needs, wired: no session has to exist, and no store has to answer yet."""

import os
from dataclasses import dataclass, replace
from functools import cache

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.dead_letters import RedisDeadLetterBuffer
from arb.app.alerts import alerts_of
from arb.celery import app
from arb.domain.health.dead_letter import DeadLetter
from arb.domain.health.queues import QUEUES
from arb.engine.health.dead_letters import CollectDeadLetters, KeepDeadLetter
from config import addresses
from config.logging import Redactor, secrets_of


@dataclass(frozen=True, kw_only=True)
class DeadLetterUseCases:
    """The use cases around dead letters, in one process."""

    store: SqlDeadLetters
    keep: KeepDeadLetter
    collect: CollectDeadLetters


def dead_letter_use_cases() -> DeadLetterUseCases:
    """Return this process's, built on the first call: after any fork. Raises: ConfigError."""
    return _build(os.getpid())


@cache
def _build(_pid: int) -> DeadLetterUseCases:
    settings, clock = addresses.settings(), SystemClock()
    database = make_engine(addresses.database_url(settings), Pool(size=1, overflow_max=2, timeout_s=2))
    redis = connect(addresses.redis_url(settings))
    counters = RedisCounters(redis, settings.scope)
    store = _Clean(database, settings.scope, Redactor(secrets_of(settings)))
    buffer = RedisDeadLetterBuffer(redis, broker_prefix=settings.broker_prefix, scope=settings.scope)
    alerts = alerts_of(settings, database, None, counters, clock)
    return DeadLetterUseCases(
        store=store,
        keep=KeepDeadLetter(store=store, buffer=buffer, alerts=alerts, counters=counters),
        collect=CollectDeadLetters(
            store=store, buffer=buffer, alerts=alerts, counters=counters, now_ns=clock.now_ns, queues=QUEUES
        ),
    )


def resend(letter: DeadLetter) -> None:
    """Send a letter's task again, on its queue if that still exists. Raises: DispatchError."""
    options = {"queue": letter.queue} if letter.queue in QUEUES else {}
    app.send_task(
        letter.task, args=letter.args, kwargs=letter.kwargs, task_id=letter.task_id or None, **options
    )


@dataclass(frozen=True, slots=True)
class _Clean(SqlDeadLetters):
    """Keeps no secret that an error may quote."""

    redactor: Redactor

    def add(self, letter: DeadLetter) -> None:
        SqlDeadLetters.add(self, replace(letter, error=self.redactor.clean(letter.error)))
