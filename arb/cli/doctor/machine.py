"""Checks of this machine: versions, disk, ports, the programs of the servers."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Final

import psutil

from arb.cli.doctor.finding import Finding, bad, ok, warn
from arb.stack.control import Supervisor
from arb.stack.errors import StackError
from arb.stack.files import read_json
from arb.stack.home import CHECKOUT, Home
from arb.stack.ports import LOOPBACK, is_free
from arb.stack.redis_server import find_program
from config.settings import Settings

OLDEST_PYTHON: Final = (3, 11)
PIN: Final = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;]+)")
BYTES_PER_MB: Final = 1024 * 1024


def versions() -> Iterator[Finding]:
    """Compare what is installed with what is pinned."""
    if sys.version_info < OLDEST_PYTHON:
        yield bad("versions", f"Python {sys.version.split()[0]}", "install Python 3.11 or newer")
        return
    pins = CHECKOUT / "requirements.txt"
    if not pins.exists():
        yield ok("versions", f"Python {sys.version.split()[0]}; no requirements.txt to compare with")
        return
    wrong = [text for line in pins.read_text().splitlines() if (text := _mismatch(line))]
    if wrong:
        yield bad("versions", "; ".join(wrong), "run `make setup`")
    else:
        yield ok("versions", f"Python {sys.version.split()[0]}, every package as pinned")


def _mismatch(line: str) -> str:
    found = PIN.match(line)
    if found is None or "python" in line.partition("#")[0].partition(";")[2]:
        return ""
    try:
        installed = metadata.version(found[1])
    except metadata.PackageNotFoundError:
        return f"{found[1]} is missing"
    return "" if installed == found[2] else f"{found[1]} is {installed}, pinned {found[2]}"


def disk(home: Home, settings: Settings) -> Iterator[Finding]:
    """Look at the room where the stack lives."""
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    free_mb = psutil.disk_usage(str(place)).free // BYTES_PER_MB
    limits = settings.sys_monitor
    text = f"{free_mb} MB free at {place}"
    if free_mb < limits.min_disk_free_mb:
        yield bad("disk", text, f"free {limits.min_disk_free_mb} MB, or set ARB_HOME to a roomier disk")
    elif free_mb < limits.disk_free_warn_threshold_mb:
        yield warn("disk", text, "free some, or lower sys_monitor.disk_free_warn_threshold_mb")
    else:
        yield ok("disk", text)


def ports(home: Home) -> Iterator[Finding]:
    """See that the ports this home remembers are free, unless its own stack has them."""
    if Supervisor(home).is_running():
        yield ok("ports", "in use by the running stack")
        return
    remembered = read_json(home.ports_file)
    taken = [f"{name} {port}" for name, port in remembered.items() if not is_free(int(port))]
    if taken:
        yield warn("ports", f"taken on {LOOPBACK}: {', '.join(taken)}", "the next `arb up` takes others")
    else:
        yield ok("ports", f"{len(remembered)} remembered, all free")


def programs(settings: Settings) -> Iterator[Finding]:
    """Find the programs of the servers that would be embedded."""
    if settings.redis_url is not None:
        yield ok("redis program", "not needed: redis_url is set")
        return
    try:
        yield ok("redis program", str(find_program()))
    except StackError as error:
        yield bad("redis program", "none that is new enough", str(error))
