"""A disk that is really full: a small one, filled to its last byte."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import pytest
import redis

from arb.adapters.broker.pgmq_transport import close_pools
from arb.adapters.local.clock import SystemClock
from arb.adapters.local.kill_switch import UNREADABLE, FileKillSwitch
from arb.adapters.local.log_files import ComponentFiles
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.redis.client import connect, takes_no_writes
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.degradation_board import SharedBoard
from arb.adapters.redis.life import RedisHeartbeats, WritableHeartbeats
from arb.chaos.ops.faults import small_disk
from arb.chaos.queue.broker_sandbox import BrokerSandbox, message, until
from arb.chaos.queue.disk import Filler
from arb.domain.errors import StoreUnavailable
from arb.domain.health.breaker import BreakerState
from arb.domain.health.degradation import Degradation, Degree
from arb.stack.spawn_counter import Forgiving
from tests.adapters.broker.apps import pgmq_fallback, publisher


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path, 8) as mounted:
        if mounted is None:
            pytest.skip("mounting a small disk needs root")
        yield mounted


@pytest.fixture
def filler(disk):
    return Filler(disk / "filler")


def logger_to(folder: Path) -> tuple[logging.Logger, ComponentFiles]:
    handler = ComponentFiles(folder, lambda _name: "component", 7)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.Logger("full-disk")
    logger.addHandler(handler)
    return logger, handler


def test_logging_loses_lines_and_nothing_else_and_no_line_stays_torn(disk, filler):
    logger, handler = logger_to(disk)
    logger.info("before %s", "x" * 3_000)
    filler.fill()
    for number in range(50):
        logger.info("lost %d %s", number, "x" * 500)
    assert handler.lost > 0
    filler.empty()
    logger.info("after")
    lines = (disk / "component.log").read_text().splitlines()
    assert lines[-1] == "after"
    assert all(line.startswith(("before", "lost", "x")) or line == "after" for line in lines)


def test_the_kill_switch_works_on_a_full_disk(disk, filler):
    switch = FileKillSwitch(disk / "kill.json")
    filler.fill()
    switch.engage("stop", 5)
    assert FileKillSwitch(disk / "kill.json").engaged() == UNREADABLE
    assert [each.name for each in disk.iterdir() if each.name.startswith(".kill")] == []
    filler.empty()
    switch.release()
    assert switch.engaged() is None


def test_a_stream_that_supervisord_complains_to_may_be_full():
    with suppress(OSError), Path("/dev/full").open("w") as full:  # closing it fails, as writing does
        stream = Forgiving(full)
        assert stream.write("a traceback") == 11
        stream.flush()
        assert stream.fileno() == full.fileno()


@pytest.mark.integration
def test_redis_on_a_full_disk_is_a_redis_that_refuses(tmp_path, disk, filler, database_url):
    with BrokerSandbox() as sandbox:
        sandbox.kill_redis()
        rmtree(sandbox.home.redis)
        sandbox.home.redis.symlink_to(disk)
        sandbox.start_redis()
        worker = sandbox.start_worker("-P", "solo")
        assert sandbox.ran(sandbox.publish(1), 90), sandbox.logs()
        with connect(sandbox.server.url) as client:
            beats = RedisHeartbeats(client, "mock")
            beats.beat("feed", {}, 5)
            filler.fill()
            refusal = until_refused(sandbox)
            assert takes_no_writes(refusal)
            RedisCounters(client, "mock").count("x", "y")
            beats.beat("feed", {}, 6)
            assert beats.read()["feed"]["at_ns"] == "5"
            with pytest.raises(StoreUnavailable):
                WritableHeartbeats(client, "mock").read()
            board = SharedBoard(
                client, "mock", SharedFile(tmp_path / "board.json", SystemClock()), SystemClock()
            )
            board.write(Degradation(degree=Degree.NEAR))
            assert board.read().degree is Degree.NEAR
            goes_to_the_fallback(sandbox, database_url)
            filler.empty()
            assert until(lambda: written(sandbox), 30)
        sandbox.redis.lpush("orders", message(900, "orders", (900, 0)))
        assert sandbox.ran([900], 60), sandbox.logs()
        assert worker.poll() is None


def until_refused(sandbox: BrokerSandbox) -> redis.ResponseError:
    """Write until Redis has noticed."""
    found: list[redis.ResponseError] = []

    def refused() -> bool:
        try:
            sandbox.redis.set("big", b"x" * 4096)
        except redis.ResponseError as error:
            found.append(error)
        return bool(found)

    assert until(refused, 30)
    return found[0]


def goes_to_the_fallback(sandbox: BrokerSandbox, database_url: str) -> None:
    app, _ = publisher(sandbox.server.url, pgmq_fallback(database_url))
    app.send_task("t.order", (1,))
    with app.fallback.connection_for_read() as connection:
        assert connection.default_channel.basic_get("orders") is not None
    assert app.gate.state is not BreakerState.CLOSED
    app.close()
    close_pools()


def written(sandbox: BrokerSandbox) -> bool:
    try:
        return bool(sandbox.redis.set("small", os.urandom(8)))
    except redis.ResponseError:
        return False
