"""Which Redis: one server, or the master that a group of sentinels names at the moment.

A group is written as `sentinel://[user:password@]host[:port],host[:port],...[/db]?master=NAME`; user and
password are the servers', `&sentinel_password=...` is the sentinels' own.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from arb.domain.errors import ConfigError

SCHEME: Final = "sentinel"
PORT: Final = 26_379
FORM: Final = "sentinel://:password@host1:26379,host2:26379,host3:26379/0?master=NAME"


@dataclass(frozen=True, slots=True)
class Sentinels:
    """A group of sentinels, and the master that it watches."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    own_password: str | None = field(default=None, repr=False)  # the sentinels' own

    def urls(self) -> tuple[str, ...]:
        """Return one URL a sentinel, as kombu takes them."""
        user = quote(self.username or "", safe="")
        login = f"{user}:{quote(self.password, safe='')}@" if self.password else ""
        return tuple(f"{SCHEME}://{login}{host}:{port}/{self.db}" for host, port in self.hosts)


def sentinels_of(url: str) -> Sentinels | None:
    """Return the group that a URL names, None if it names one server. Raises: ConfigError."""
    if not url.startswith(f"{SCHEME}://"):
        return None
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qs(parts.query)
    try:
        found = tuple(_host(text) for text in hosts.split(","))
        db = int(parts.path.strip("/") or 0)
        (master,) = query["master"]
    except (KeyError, ValueError):
        raise ConfigError(f"redis_url names no group of sentinels; write it as {FORM}") from None
    return Sentinels(
        hosts=found,
        master=master,
        db=db,
        username=unquote(user) or None,
        password=unquote(password) or None,
        own_password=query.get("sentinel_password", [None])[0],
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(text)
    return parts.hostname, parts.port or PORT
