"""Where Redis and PostgreSQL are: configured, or those of the stack that runs here."""

import sys
from functools import cache

from arb.domain.errors import ConfigError
from config.frozen import in_force
from config.settings import Settings

NO_STACK = (
    "no stack is running here and {variable} is not set; start one with `arb up --mode mock`, "
    "or say where it is with {variable}"
)


@cache
def settings() -> Settings:
    """Return this process's settings, read once: those that the session runs with, where one does."""
    found = in_force()
    for line in found.ignored:
        sys.stderr.write(f"arb: goes on with what the session began with, since {line}\n")
    return found.settings


def redis_url(chosen: Settings) -> str:
    """Return the URL of Redis. Raises: ConfigError."""
    configured = chosen.redis_url
    if not configured:
        raise ConfigError(NO_STACK.format(variable="ARB_REDIS_URL"))
    return configured.get_secret_value()


def database_url(chosen: Settings) -> str:
    """Return the SQLAlchemy URL of PostgreSQL. Raises: ConfigError."""
    configured = chosen.database_url
    if not configured:
        raise ConfigError(NO_STACK.format(variable="ARB_DATABASE_URL"))
    return configured.get_secret_value()


def require_redis_url() -> str:
    """Return the URL of Redis, or end the process with one line: for use where Celery imports us."""
    try:
        return redis_url(settings())
    except ConfigError as error:
        raise SystemExit(f"arb: {error}") from None
