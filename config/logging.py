"""Logs of every process: lines of facts to the console and to a file for each component.

`logs/live_loop.log` has all that belongs to trading; health, safety, watchdog and sys_monitor have files of
their own. A line is `timestamp [level] [logger] event key=value ...`, or JSON. What is bound in this
context (session, trade, order, task) is on every line. No secret passes the formatter.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import structlog
from pydantic import BaseModel, SecretStr
from structlog.typing import Processor

from arb.adapters.local.log_files import ComponentFiles
from config.operations import LogFormat
from config.settings import Settings

MASK: Final = "***"
SHORTEST: Final = 6  # a shorter secret would mask ordinary words
USERINFO: Final = re.compile(r"(?<=://)[^/@\s'\"]+(?=@)")
LIVE_LOOP: Final = "live_loop"
COMPONENTS: Final = {
    "arb.health": "health",
    "arb.safety": "safety",
    "arb.watchdog": "watchdog",
    "arb.sys_monitor": "sys_monitor",
}
# Tasks that run all the time: that one began or ended is worth a line only to who asked for DEBUG.
QUIET_TASKS: Final = (
    "arb.evaluate",
    "arb.sweep_orders",
    "arb.watchdog",
    "arb.canary.",
    "arb.settle_trade",
    "arb.collect_dead",
    "arb.metrics",
    "arb.tell",
)
TASK_LOGGERS: Final = ("celery.app.trace", "celery.worker.strategy")
NOISY: Final = {
    "apprise": logging.CRITICAL,
    "urllib3": logging.WARNING,
    "celery.worker.request": logging.WARNING,  # of every evaluation that came too late
    "celery.beat": logging.WARNING,  # a line for every tick
    "kombu.connection": logging.ERROR,  # warns of every address without a host, a unix socket's too
}
SERVERS: Final = ("postgresql", "redis", "rediss", "unix", "sentinel", "amqp", "amqps")
BOOKKEEPING: Final = ("timestamp", "level", "logger", "event", "exception", "stack")
SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def configure(settings: Settings, folder: Path | None) -> None:
    """Set up the logs of this process, once; without a folder only warnings go to the console."""
    renderer = _render_json if settings.logs.format is LogFormat.JSON else _render_human
    formatter = _Clean(
        Redactor(secrets_of(settings)),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        foreign_pre_chain=SHARED,
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if folder is not None:
        handlers.append(ComponentFiles(folder, _component_of, settings.logs.keep_days))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(settings.logs.level.value if folder is not None else logging.WARNING)
    for name, level in NOISY.items():
        logging.getLogger(name).setLevel(level)
    for name in TASK_LOGGERS:
        logging.getLogger(name).addFilter(_quiet)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _last_words


class Redactor:
    """Takes the secrets of a process out of whatever is about to be written down or sent."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def clean(self, text: str) -> str:
        """Return the text without secrets, and without user and password in any URL."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return USERINFO.sub(MASK, text) if "://" in text else text


class _Clean(structlog.stdlib.ProcessorFormatter):
    """Takes secrets out of what the renderer made, tracebacks included."""

    def __init__(self, redactor: Redactor, **options: Any) -> None:
        super().__init__(**options)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.clean(super().format(record))


def _component_of(logger: str) -> str:
    """Return the component whose file a logger's lines go to."""
    return COMPONENTS.get(logger, LIVE_LOOP)


def _render_human(_logger: Any, _method: str, facts: MutableMapping[str, Any]) -> str:
    """Return `timestamp [level] [logger] event key=value ...`, a traceback below it."""
    pairs = (f"{key}={_value(value)}" for key, value in facts.items() if key not in BOOKKEEPING)
    head = f"{facts['timestamp']} [{facts['level']}] [{facts['logger']}] {facts['event']}"
    trace = facts.get("exception")
    return " ".join((head, *pairs)) + (f"\n{trace}" if trace else "")


def _render_json(_logger: Any, _method: str, facts: MutableMapping[str, Any]) -> str:
    """Return the facts as one JSON object."""
    return orjson.dumps(dict(facts), default=str).decode()


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Return every secret in the settings, and the parts of those that are addresses."""
    for value in _values(settings.model_dump()):
        secret = value.get_secret_value()
        yield secret
        if "://" in secret:
            yield from _secret_parts(secret)


def _secret_parts(address: str) -> Iterator[str]:
    """Return what is secret in an address: of a server its passwords, elsewhere it may be any part."""
    scheme, _, rest = address.partition("://")
    if scheme.partition("+")[0] in SERVERS:
        password = rest.rpartition("@")[0].partition(":")[2]
        own = [value for key, value in parse_qsl(urlsplit(address).query) if key.endswith("password")]
        yield from (password, unquote(password), *own)
        return
    for mark in "/:@?&=,":
        rest = rest.replace(mark, " ")
    parts = [part for part in rest.split() if len(part) > 7 and "." not in part]
    yield from (*parts, *map(unquote, parts))  # what is sent is the one or the other


def _values(tree: Any) -> Iterator[SecretStr]:
    if isinstance(tree, SecretStr):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _values(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _values(value)


def _value(value: Any) -> str:
    text = str(value)
    return orjson.dumps(text).decode() if not text or set(text) & set(' "\n=') else text


def _quiet(record: logging.LogRecord) -> bool:
    """Keep the line unless it only says that an everyday task came or went."""
    data = getattr(record, "data", None)
    name = str(data.get("name", "")) if isinstance(data, Mapping) else ""
    everyday = record.levelno == logging.INFO and name.startswith(QUIET_TASKS)
    return not everyday or logging.getLogger().level <= logging.DEBUG


def _last_words(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    logging.getLogger("arb.health").critical("process_broken", exc_info=(kind, error, trace))
