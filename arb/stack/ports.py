"""Loopback ports that a home keeps, so that a restarted server is found where it was.

Chosen below the kernel's ephemeral range: a client that keeps connecting to a port of that range
while its server is down can be given the same port as its own, and then it talks to itself and
the server cannot bind (TCP simultaneous open).
"""

import socket
from pathlib import Path
from secrets import randbelow
from typing import Final

from arb.stack.errors import StackError
from arb.stack.files import read_json, write_json
from arb.stack.home import Home

LOWEST: Final = 15_000
EPHEMERAL_DEFAULT: Final = 32_768
ATTEMPTS_MAX: Final = 200
LOOPBACK: Final = "127.0.0.1"


def is_free(port: int) -> bool:
    """Say whether a server could bind this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def remembered_port(home: Home, name: str) -> int:
    """Return the port of `name` in this home; a new one if it has none or another program took it."""
    memory = home.ports_file
    ports: dict[str, int] = read_json(memory)
    kept = ports.get(name)
    if kept is not None and is_free(kept):
        return kept
    ports[name] = _choose(taken=frozenset(ports.values()))
    write_json(memory, ports)
    return ports[name]


def _choose(taken: frozenset[int]) -> int:
    ceiling = _ephemeral_floor()
    for _ in range(ATTEMPTS_MAX):
        port = LOWEST + randbelow(ceiling - LOWEST)
        if port not in taken and is_free(port):
            return port
    raise StackError(f"no free port on {LOOPBACK} between {LOWEST} and {ceiling}")


def _ephemeral_floor() -> int:
    """Return the lowest port the kernel gives to clients."""
    try:
        floor = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return EPHEMERAL_DEFAULT
    return floor if floor > LOWEST + 1000 else EPHEMERAL_DEFAULT
