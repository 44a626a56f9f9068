"""A message is in its queue or held by a consumer, and comes back when its holder is gone."""

import time

import pytest
import redis
from kombu import Exchange, Queue

from arb.adapters.redis.dead_letters import RedisDeadLetterBuffer
from arb.chaos.queue.broker_sandbox import message

pytestmark = pytest.mark.integration


def put(client, *numbers, queue="orders"):
    for number in numbers:
        client.lpush(queue, message(number, queue, (number,)))


def number_of(found):
    return found.payload[0][0]


def held(client):
    """Return (payloads held, stamps): the two always name the same messages."""
    return client.hlen("unacked"), client.zcard("unacked_index")


def consume(connection, *queues, prefetch=10):
    """Return what arrives within a moment."""
    got = []
    connection.default_channel.basic_qos(0, prefetch, False)
    consumer = connection.Consumer([Queue(name) for name in queues], on_message=got.append, accept=["json"])
    consumer.consume()
    while True:
        try:
            connection.drain_events(timeout=0.3)
        except TimeoutError:
            return got


def test_what_is_taken_is_written_down_before_anybody_sees_it(connect, client):
    put(client, 1)
    channel = connect().default_channel
    queue, taken = channel._take(("orders",))
    assert (queue, taken["headers"]["id"], client.llen("orders")) == ("orders", "sandbox-orders-1", 0)
    assert held(client) == (1, 1)


def test_an_acknowledged_message_leaves_nothing(connect, client):
    put(client, 1)
    connect().default_channel.basic_get("orders").ack()
    assert client.keys() == []


def test_a_rejected_message_leaves_nothing(connect, client):
    put(client, 1)
    connect().default_channel.basic_get("orders").reject()
    assert client.keys() == []


def test_a_requeued_message_waits_behind_the_others_and_is_counted(connect, client):
    put(client, 1, 2)
    channel = connect().default_channel
    channel.basic_get("orders").requeue()
    assert [number_of(channel.basic_get("orders")) for _ in range(1)] == [2]
    again = channel.basic_get("orders")
    assert (number_of(again), again.headers["redeliveries"]) == (1, 1)
    assert again.delivery_info["redelivered"] is True


def test_a_queue_is_declared_by_the_first_message_that_is_pushed(connect, client):
    channel = connect().default_channel
    channel.connection.state.clear()  # what kombu knows of a server outlives a connection
    for number in (1, 2):
        channel.push(
            Queue("orders", Exchange("work"), routing_key="orders"), 0, message(number, "orders", ())
        )
    assert client.llen("orders") == 2
    assert len(client.smembers("_kombu.binding.work")) == 1


def test_a_message_that_needs_no_acknowledgement_leaves_nothing(connect, client):
    put(client, 1)
    assert number_of(connect().default_channel.basic_get("orders", no_ack=True)) == 1
    assert client.keys() == []


def test_the_most_urgent_queue_comes_first_whichever_woke_us(connect, client):
    put(client, 1, queue="housekeeping")
    put(client, 2, queue="evaluate")
    put(client, 3, 4, queue="orders")
    got = consume(connect(), "orders", "evaluate", "housekeeping")
    assert [number_of(each) for each in got] == [3, 4, 2, 1]


def test_no_more_is_taken_than_there_is_credit(connect, client):
    put(client, 1, 2, 3)
    assert len(consume(connect(), "orders", prefetch=2)) == 2
    assert client.llen("orders") == 1


def test_what_a_dead_consumer_held_returns_after_its_silence_and_not_before(connect, client):
    put(client, 1)
    dead, alive = connect(), connect()
    dead.default_channel.basic_get("orders")
    alive.default_channel.qos.restore_visible()
    assert client.llen("orders") == 0
    time.sleep(1.1)
    alive.default_channel.qos.restore_visible()
    assert (client.llen("orders"), held(client)) == (1, (0, 0))
    dead.default_channel.qos.drop()


def test_what_a_live_consumer_holds_stays_its_own_however_long_it_takes(connect, client):
    put(client, 1)
    slow, other = connect(), connect()
    slow.default_channel.basic_get("orders")
    for _ in range(8):
        time.sleep(0.2)
        slow.default_channel.qos.restore_visible()
        other.default_channel.qos.restore_visible()
    assert (client.llen("orders"), held(client)) == (0, (1, 1))


def test_two_who_look_for_the_dead_at_once_return_a_message_once(connect, client):
    put(client, 1)
    connection = connect()
    channel = connection.default_channel
    channel.basic_get("orders")
    (tag,) = channel.qos.held()
    payload = client.hget("unacked", tag)
    for _ in range(2):
        channel.qos._give_back_one(tag, payload, "RPUSH", "")
    assert client.llen("orders") == 1
    channel.qos.drop()


def test_a_holder_that_renewed_meanwhile_keeps_its_message(connect, client):
    put(client, 1)
    channel = connect().default_channel
    channel.basic_get("orders")
    (tag,) = channel.qos.held()
    channel.qos._give_back_one(tag, client.hget("unacked", tag), "RPUSH", "1.0")
    assert (client.llen("orders"), held(client)) == (0, (1, 1))


def test_a_stamp_whose_message_is_gone_goes_too(connect, client):
    client.zadd("unacked_index", {"gone": 1})
    connect().default_channel.qos.restore_visible()
    assert client.keys() == []


def test_a_clean_close_gives_everything_back_in_its_order(connect, client):
    put(client, 1, 2, 3)
    connection = connect()
    for _ in range(3):
        connection.default_channel.basic_get("orders")
    connection.close()
    channel = connect().default_channel
    assert [number_of(channel.basic_get("orders")) for _ in range(3)] == [1, 2, 3]


def test_what_cannot_be_read_is_set_aside(connect, client):
    client.lpush("orders", "no json", '{"properties": 1}')
    put(client, 1)
    assert number_of(connect().default_channel.basic_get("orders")) == 1
    assert client.llen("orders.unreadable") == 2


def test_a_key_prefix_is_kept(connect, client):
    connection = connect(global_keyprefix="p.")
    client.lpush("p.orders", message(1, "orders", (1,)))
    (found,) = consume(connection, "orders")
    assert (client.hlen("p.unacked"), client.keys("unacked*")) == (1, [])
    found.requeue()
    assert client.llen("p.orders") == 1


def test_what_a_group_cannot_read_is_parked_where_that_group_looks(connect, client):
    client.lpush("btc:orders", "no json")
    assert connect(global_keyprefix="btc:").default_channel.basic_get("orders") is None
    btc, eth, none = (
        RedisDeadLetterBuffer(client, broker_prefix=prefix, scope="mock") for prefix in ("btc:", "eth:", "")
    )
    [(_, letter)] = btc.waiting(("orders",), 1, 10)
    assert (letter.queue, letter.text) == ("orders", "no json")
    assert eth.waiting(("orders",), 1, 10) == none.waiting(("orders",), 1, 10) == []


def test_it_can_give_back_what_kombu_held(connect, client):
    from kombu import Connection
    from kombu.transport.redis import Transport

    put(client, 1)
    stock = Connection(connect().as_uri(include_password=True), transport=Transport)
    stock.transport_cls = Transport
    stock.default_channel.basic_get("orders")
    assert held(client) == (1, 1)
    channel = connect().default_channel
    channel.qos.give_back(client.hkeys("unacked"))
    assert number_of(channel.basic_get("orders")) == 1
    stock.default_channel.qos._delivered.clear()
    stock.close()


def test_redis_that_is_full_still_gives_takes_back_and_forgets(connect, client):
    put(client, 1, 2)
    channel = connect().default_channel
    client.config_set("maxmemory", 1)
    channel.basic_get("orders").requeue()
    channel.basic_get("orders").ack()
    assert (client.llen("orders"), held(client)) == (1, (0, 0))


def test_redis_that_is_full_refuses_a_publish_at_once(connect, client):
    connection = connect()
    producer = connection.Producer()
    client.config_set("maxmemory", 1)
    with pytest.raises(redis.OutOfMemoryError):
        producer.publish({}, routing_key="orders", retry=False)


def test_lengths_are_read_together(connect, client):
    put(client, 1, 2)
    put(client, 3, queue="evaluate")
    channel = connect().default_channel
    assert channel.lengths(("orders", "evaluate", "housekeeping")) == {
        "orders": 2,
        "evaluate": 1,
        "housekeeping": 0,
    }
    assert channel.memory_used() == 0


def test_consumers_that_came_and_went_keep_no_connection(connect, client):
    connection = connect()
    for number in range(30):  # three times the pool
        name = f"reply-{number}"
        put(client, number, queue=name)
        (found,) = consume_once(connection, name)
        assert number_of(found) == number
    assert connection.default_channel._wakes == {}


def consume_once(connection, name):
    got = []
    with connection.Consumer([Queue(name)], on_message=got.append, accept=["json"]):
        connection.drain_events(timeout=5)
    return got
