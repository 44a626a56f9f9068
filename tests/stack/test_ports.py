"""Ports that a home keeps."""

import socket
from pathlib import Path

from arb.stack.ports import LOOPBACK, is_free, remembered_port


def test_a_port_is_kept(home):
    assert remembered_port(home, "redis") == remembered_port(home, "redis")


def test_two_names_have_two_ports(home):
    assert remembered_port(home, "redis") != remembered_port(home, "flower")


def test_a_port_that_somebody_took_is_replaced(home):
    kept = remembered_port(home, "redis")
    with socket.socket() as thief:
        thief.bind((LOOPBACK, kept))
        thief.listen()
        assert not is_free(kept)
        assert remembered_port(home, "redis") != kept


def test_ports_are_below_those_the_kernel_gives_to_clients(home):
    floor = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(remembered_port(home, f"name-{number}") < floor for number in range(20))
