"""What was not settled when the connection went away is settled by the next one."""

import os
import signal
import time
from contextlib import contextmanager

import pytest

from arb.chaos.queue.broker_sandbox import message

pytestmark = pytest.mark.integration


@pytest.fixture
def holding(connect, client, sandbox):
    """A connection that holds one message, and the message; a Redis that is killed now comes back with it."""
    client.lpush("orders", message(1, "orders", (1,)))
    connection = connect()
    held = connection.default_channel.basic_get("orders")
    sandbox.wait_written()
    return connection, held


def next_connection(connect, lost):
    """Return the channel of the next connection, which took over what is owed."""
    channel = connect().default_channel
    channel.qos.carried = lost.qos.carried
    channel.qos.restore_visible()
    return channel


def test_an_acknowledgement_that_fails_frees_its_credit(holding, sandbox):
    connection, held = holding
    connection.default_channel.basic_qos(0, 1, False)
    assert not connection.default_channel.qos.can_consume()
    sandbox.kill_redis()
    held.ack()
    assert connection.default_channel.qos.can_consume()


def test_an_acknowledgement_that_failed_is_made_up_for(holding, sandbox, connect):
    connection, held = holding
    sandbox.kill_redis()
    held.ack()
    sandbox.start_redis()
    assert sandbox.redis.hlen("unacked") == 1
    next_connection(connect, connection.default_channel)
    assert sandbox.redis.keys() == []


def test_an_acknowledgement_on_a_closed_channel_is_made_up_for(holding, client, connect):
    connection, held = holding
    channel = connection.default_channel
    channel.qos.drop()
    connection.close()
    held.ack()
    assert client.hlen("unacked") == 1
    next_connection(connect, channel)
    assert client.hlen("unacked") == 0


def test_a_return_that_failed_is_made_up_for(holding, sandbox, connect):
    connection, held = holding
    sandbox.kill_redis()
    held.requeue()
    sandbox.start_redis()
    next_connection(connect, connection.default_channel)
    assert (sandbox.redis.llen("orders"), sandbox.redis.hlen("unacked")) == (1, 0)


def after_its_next_command(channel, monkeypatch, happens):
    """Let something happen once, between a channel's next command and the one after it."""
    commands, ahead = channel.conn_or_acquire, [happens]

    @contextmanager
    def acquire(client=None):
        with commands(client) as acquired:
            yield acquired
        if ahead:
            ahead.pop()()

    monkeypatch.setattr(channel, "conn_or_acquire", acquire)


def test_a_return_that_somebody_else_made_takes_the_message_from_no_one(
    holding, client, connect, monkeypatch
):
    connection, held = holding
    mine, other = connection.default_channel, connect().default_channel
    mine.qos.drop()
    mine.qos.carried.returned.add(held.delivery_tag)
    time.sleep(1.1)
    other.qos.restore_visible()
    assert client.llen("orders") == 1
    after_its_next_command(mine, monkeypatch, lambda: other.basic_get("orders"))
    mine.qos.restore_visible()
    assert other.qos.held() == [held.delivery_tag]
    assert (client.llen("orders"), client.hlen("unacked"), client.zcard("unacked_index")) == (0, 1, 1)
    assert mine.qos.carried.returned == set()


def test_a_close_without_the_server_raises_nothing_and_loses_nothing(holding, sandbox):
    connection, _ = holding
    sandbox.kill_redis()
    connection.close()
    sandbox.start_redis()
    assert sandbox.redis.hlen("unacked") == 1


def test_a_server_that_hangs_costs_an_acknowledgement_its_timeout(holding, sandbox, connect):
    connection, held = holding
    os.kill(sandbox.redis_process.pid, signal.SIGSTOP)
    try:
        held.ack()
    finally:
        os.kill(sandbox.redis_process.pid, signal.SIGCONT)
    next_connection(connect, connection.default_channel)
    assert sandbox.redis.hlen("unacked") == 0
