"""Ports for servers that a test starts."""

import socket


def free_port() -> int:
    """Return a port on loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
