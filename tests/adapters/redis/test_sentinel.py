"""Redis with sentinels: the master is killed, another one takes over, and stores and queues go on there."""

import subprocess
import time
from contextlib import ExitStack

import pytest
import redis
from kombu import Connection, Queue
from kombu.transport import TRANSPORT_ALIASES, _transport_cache

from arb.adapters.redis.address import sentinels_of
from arb.adapters.redis.client import connect
from arb.domain.errors import ConfigError
from arb.stack.redis_server import find_program
from tests.free_port import free_port

PASSWORD = "it's a/secret"
NAME = "arb"
SERVER = """\
bind 127.0.0.1
port {port}
dir "{directory}"
requirepass "{password}"
masterauth "{password}"
save ""
appendonly no
repl-diskless-sync-delay 0
"""
SENTINEL = """\
bind 127.0.0.1
port {port}
dir "{directory}"
requirepass watcher
sentinel sentinel-pass watcher
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel auth-pass {name} "{password}"
sentinel down-after-milliseconds {name} 500
sentinel failover-timeout {name} 3000
"""


class Group:
    """A master, its replica and three sentinels."""

    def __init__(self, directory, cleanup):
        self.directory, self.cleanup = directory, cleanup
        self.ports = [free_port() for _ in range(5)]
        self.master = self._start(0, SERVER)
        self._start(1, SERVER + f"replicaof 127.0.0.1 {self.ports[0]}\n")
        self._until(lambda: self._plain(1).info("replication")["master_link_status"] == "up")
        for number in (2, 3, 4):
            self._start(number, SENTINEL, "--sentinel")
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports[2:])
        self.url = f"sentinel://:it%27s%20a%2Fsecret@{hosts}/0?master={NAME}&sentinel_password=watcher"
        for number in (2, 3, 4):
            self._until(lambda number=number: self._sees_the_others(number))

    def kill_master(self):
        self.master.kill()
        self.master.wait()

    def takes_over(self):
        """Wait until the replica is the master, by what the sentinels say."""
        self._until(lambda: connect(self.url).set("taken", 1))

    def _sees_the_others(self, number):
        (found,) = self._plain(number, "watcher").sentinel_masters().values()
        return found["num-slaves"] == 1 and found["num-other-sentinels"] == 2

    def _plain(self, number, password=PASSWORD):
        return redis.Redis(port=self.ports[number], password=password)

    def _start(self, number, text, *options):
        path = self.directory / f"{number}.conf"
        path.write_text(
            text.format(
                port=self.ports[number],
                directory=self.directory,
                password=PASSWORD,
                name=NAME,
                master=self.ports[0],
            )
        )
        process = subprocess.Popen([find_program(), path, *options], stdout=subprocess.DEVNULL)
        self.cleanup.callback(process.wait)
        self.cleanup.callback(process.kill)
        return process

    def _until(self, holds, limit_s=30):
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s:
            try:
                if holds():
                    return
            except redis.RedisError:
                pass
            time.sleep(0.05)
        raise AssertionError("not within the limit")


@pytest.fixture
def group(tmp_path):
    with ExitStack() as cleanup:
        yield Group(tmp_path, cleanup)


@pytest.fixture
def broker(group):
    TRANSPORT_ALIASES["sentinel"] = "arb.adapters.broker.redis_transport:SentinelTransport"
    _transport_cache.pop("sentinel", None)
    found = sentinels_of(group.url)
    options = {
        "master_name": NAME,
        "sentinel_kwargs": {"password": "watcher", "socket_timeout": 0.5},
        "socket_timeout": 1.0,
        "visibility_timeout": 1,
        "priority_steps": [0],
    }
    with Connection(";".join(found.urls()), transport_options=options) as made:
        yield made


@pytest.mark.integration
def test_what_was_held_and_what_waited_is_delivered_by_the_new_master(group, broker):
    queue = Queue("orders", routing_key="orders")
    simple = broker.SimpleQueue(queue)
    for number in range(20):
        simple.put({"number": number}, serializer="json")
    held = [simple.get(timeout=5).payload["number"] for _ in range(5)]
    store = connect(group.url)
    store.set("hot", "state")
    assert store.wait(1, 2_000) == 1  # what the replica does not have yet dies with the master

    group.kill_master()
    with pytest.raises(redis.RedisError):
        connect(group.url).get("hot")
    group.takes_over()

    assert store.get("hot") == b"state"
    broker.close()
    again = broker.SimpleQueue(queue)
    found = []
    while len(found) < 20:
        message = again.get(timeout=30)  # on a busy machine the sentinels miss a new master at first
        found.append(message.payload["number"])
        message.ack()
    assert sorted(found) == list(range(20))
    assert set(held) <= set(found)


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://a:1,b:2/0",
        "sentinel://a:1,b:x/0?master=m",
        "sentinel:///0?master=m",
        "sentinel://a:1/zero?master=m",
    ],
)
def test_a_group_that_cannot_be_read_gets_one_line_that_says_how_to_write_it(url):
    with pytest.raises(ConfigError, match=r"write it as sentinel://:password@host1:26379,"):
        connect(url)


def test_urls_for_kombu_keep_what_a_password_may_hold():
    group = sentinels_of("sentinel://me:p%40ss@one,two:7/3?master=m")
    assert (group.username, group.password, group.db) == ("me", "p@ss", 3)
    assert group.urls() == ("sentinel://me:p%40ss@one:26379/3", "sentinel://me:p%40ss@two:7/3")
    assert "p@ss" not in repr(group)
