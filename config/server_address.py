"""Addresses of servers, checked before anything uses them, and hosts that can only be ours.

What is wrong with an address is said without repeating it: it holds a password. An empty one is none. Mock
mode signs what it sends, so it speaks to hosts of our own only.
"""

from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from arb.domain.errors import ConfigError

REDIS: Final = "redis://:password@host:6379/0"
RABBITMQ: Final = "amqp://user:password@host:5672//"
POSTGRES: Final = "postgresql://user:password@host:5432/database"
ESCAPES: Final = "in user and password / is written %2F, @ %40, : %3A, # %23, ? %3F and % %25"
PORT_MAX: Final = 65_535
# Besides those without a dot, as containers have them: names that no public server answers for (RFC 6761,
# RFC 6762, ICANN), as clusters give them.
PRIVATE_SUFFIXES: Final = (".localhost", ".local", ".internal")


def host_of(url: str) -> str:
    """Return the host of an address, nothing if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_private(host: str) -> bool:
    """Tell whether a host is this machine, in a private network, or a name that only one can have."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host.endswith(PRIVATE_SUFFIXES) or (host != "" and "." not in host)


def _check_redis(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    return _checked(value, REDIS, not url or _is_redis(url))


def _check_rabbitmq(value: SecretStr) -> SecretStr:
    urls = value.get_secret_value().split(";") if value else ()  # of a cluster: several
    return _checked(value, RABBITMQ, all(_is_server(url, "amqp", "amqps", "pyamqp") for url in urls))


def _check_postgres(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    return _checked(value, POSTGRES, not url or _is_postgres(url))


def _check_web(value: SecretStr) -> SecretStr:
    if not _is_web_of(value.get_secret_value(), "http", "https"):
        raise ValueError("is no address as https://host/path")
    return value


def _is_web_of(value: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_rest(value: str) -> str:
    if not _is_web_of(value, "http", "https"):
        raise ValueError("is no address as https://host")
    return value


def _check_stream(value: str) -> str:
    if not _is_web_of(value, "ws", "wss"):
        raise ValueError("is no address as wss://host/path")
    return value


def _checked(value: SecretStr, form: str, is_one: bool) -> SecretStr:
    if not is_one:
        raise ValueError(f"is no address as {form} ({ESCAPES})")
    return value


def _is_redis(url: str) -> bool:
    from arb.adapters.redis.client import connect  # takes a while to import

    try:
        connect(url).close()  # which has connected nothing yet
    except (ConfigError, ValueError):
        return False
    return url.startswith(("sentinel://", "unix://")) or _is_server(url, "redis", "rediss")


def _is_server(url: str, *schemes: str) -> bool:
    """Tell whether a URL names a host; what is behind it holds the end of a password that was not escaped."""
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return False
    behind = parts.path + parts.query
    return (
        parts.scheme in schemes
        and bool(parts.hostname)
        and is_port
        and "@" not in behind
        and not parts.fragment
    )


def _is_postgres(url: str) -> bool:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        urlsplit(url)
        found = make_url(url)
    except (ArgumentError, ValueError):
        return False
    is_port = found.port is None or 0 < found.port <= PORT_MAX
    return (
        found.get_backend_name() in ("postgresql", "postgres") and is_port and "@" not in (found.host or "")
    )


RedisAddress = Annotated[SecretStr, AfterValidator(_check_redis)]
RabbitAddress = Annotated[SecretStr, AfterValidator(_check_rabbitmq)]
PostgresAddress = Annotated[SecretStr, AfterValidator(_check_postgres)]
WebAddress = Annotated[SecretStr, AfterValidator(_check_web)]
RestAddress = Annotated[str, AfterValidator(_check_rest)]
StreamAddress = Annotated[str, AfterValidator(_check_stream)]
