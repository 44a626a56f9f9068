"""Dead letters in PostgreSQL, and in Redis while it is away."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from sqlalchemy import text

from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres.dead_letters import ReplayResult, SqlDeadLetters
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.redis.client import connect
from arb.adapters.redis.dead_letters import RedisDeadLetterBuffer
from arb.chaos.queue.broker_sandbox import message
from arb.domain.errors import DispatchError, StoreUnavailable
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason
from arb.engine.health.dead_letters import CollectDeadLetters, KeepDeadLetter
from tests.engine.testbed import Uncounted

pytestmark = pytest.mark.integration
QUEUES = ("orders", "housekeeping")
PARKED = "arbitrage:dead_letters:mock:one"
AWAY = "postgresql:///arb?host=/nowhere"


class Alerts(list):
    def raise_alert(self, alert):
        self.append((alert.kind, alert.subject))


@pytest.fixture(scope="module")
def database(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def store(database):
    with database.begin() as connection:
        connection.execute(text("TRUNCATE dead_letters RESTART IDENTITY"))
    return SqlDeadLetters(database, "mock:one")


@pytest.fixture
def client(redis_url):
    made = connect(redis_url)
    yield made
    made.close()


@pytest.fixture
def alerts():
    return Alerts()


@pytest.fixture
def buffer(client):
    return buffer_of(client)


def buffer_of(client, group="one"):
    return RedisDeadLetterBuffer(client, broker_prefix=f"{group}:", scope=f"mock:{group}")


def letter(number=1, at_ns=100, **fields):
    values = {
        "reason": DeadLetterReason.FAILED, "queue": "orders", "error": "InvariantError: bug", "at_ns": at_ns,
        "task": "arb.place_order", "task_id": f"id-{number}", "args": [f"order-{number}", 2],
        "kwargs": {"k": "v"},
    }  # fmt: skip
    return DeadLetter(**(values | fields))


def keeping(store, buffer, alerts):
    return KeepDeadLetter(store=store, buffer=buffer, alerts=alerts, counters=Uncounted())


def collecting(store, buffer, alerts):
    return CollectDeadLetters(
        store=store,
        buffer=buffer,
        alerts=alerts,
        counters=Uncounted(),
        now_ns=ManualClock().now_ns,
        queues=QUEUES,
    )


def test_a_letter_comes_back_with_all_that_is_known_of_it(store):
    store.add(letter())
    [row] = store.listed(10)
    assert row | {"args": ["order-1", 2], "kwargs": {"k": "v"}, "queue": "orders", "failures": 1} == row
    assert (row["task"], row["task_id"], row["error"]) == ("arb.place_order", "id-1", "InvariantError: bug")
    assert (row["first_at_ns"], row["last_at_ns"], store.waiting()) == (100, 100, 1)


def test_the_same_work_again_is_counted_and_keeps_when_it_began(store):
    store.add(letter(at_ns=100))
    store.add(letter(at_ns=200, error="other", task_id="id-9"))
    [row] = store.listed(10)
    assert (row["failures"], row["first_at_ns"], row["last_at_ns"], row["error"]) == (2, 100, 200, "other")


def test_any_text_can_be_kept(store):
    store.add(letter(task="", args=(), kwargs={}, text="\x00 \ud7ff", error="nul \x00"))
    assert store.listed(1)[0]["text"] == "\\x00 \ud7ff"


def test_one_is_sent_once_whoever_asks_at_the_same_time(store):
    store.add(letter())
    sent, together = [], threading.Barrier(4)

    def ask(_):
        together.wait()
        return store.replay(1, sent.append, 500)

    with ThreadPoolExecutor(4) as pool:
        results = sorted(result.name for result in pool.map(ask, range(4)))
    assert results == ["ALREADY", "ALREADY", "ALREADY", "SENT"]
    assert [(each.task, each.args, each.kwargs) for each in sent] == [
        ("arb.place_order", ["order-1", 2], {"k": "v"})
    ]
    assert (store.waiting(), store.listed(10), len(store.listed(10, everything=True))) == (0, [], 1)


def test_one_that_no_broker_took_waits_as_before(store):
    store.add(letter())

    def refuse(_letter):
        raise DispatchError("neither broker")

    with pytest.raises(DispatchError):
        store.replay(1, refuse, 500)
    assert store.waiting() == 1
    assert store.replay(1, lambda _: None, 500) is ReplayResult.SENT


def test_one_that_was_sent_again_and_failed_again_waits_again(store):
    store.add(letter())
    store.replay(1, lambda _: None, 500)
    store.add(letter(at_ns=600))
    [row] = store.listed(10)
    assert (row["failures"], row["replays"], row["replayed_at_ns"]) == (2, 1, 0)


def test_what_names_no_task_is_not_sent(store):
    store.add(letter(task="", args=(), kwargs={}, text="garbage"))
    assert store.replay(1, pytest.fail, 500) is ReplayResult.UNREADABLE
    assert store.replay(77, pytest.fail, 500) is ReplayResult.NOT_THERE


def test_dropping_removes_and_cleaning_up_removes_only_what_was_sent_again_long_ago(store):
    for number in (1, 2, 3):
        store.add(letter(number))
    store.replay(1, lambda _: None, 500)
    store.replay(2, lambda _: None, 900)
    assert store.clean_up(800) == 1
    assert [row["dead_letter_id"] for row in store.listed(10, everything=True)] == [3, 2]
    assert (store.drop([3, 4]), store.waiting()) == (1, 0)


def test_a_letter_waits_in_redis_while_sql_is_away_and_is_collected_when_it_is_back(
    store, buffer, client, alerts
):
    away = SqlDeadLetters(make_engine(AWAY, Pool(timeout_s=1)), "mock:one")
    keeping(away, buffer, alerts).run(letter())
    assert (client.llen(PARKED), alerts) == (1, [("dead_letter", "arb.place_order")])
    with pytest.raises(StoreUnavailable):
        collecting(away, buffer, alerts).run()
    assert client.llen(PARKED) == 1
    assert collecting(store, buffer, alerts).run() == 1
    [row] = store.listed(10)
    assert (row["args"], row["failures"], client.llen(PARKED), len(alerts)) == (
        ["order-1", 2],
        1,
        0,
        1,
    )


def test_with_both_away_nothing_is_buried(alerts):
    away = SqlDeadLetters(make_engine(AWAY, Pool(timeout_s=1)), "mock:one")
    nowhere = buffer_of(connect("redis://127.0.0.1:1/0"))
    with pytest.raises(StoreUnavailable):
        keeping(away, nowhere, alerts).run(letter())
    assert alerts == []


def test_what_the_transport_could_not_read_is_collected_and_told(store, buffer, client, alerts):
    client.lpush("one:orders.unreadable", b"\xff not json", message(1, "orders", (7,), task="t.gone"))
    assert collecting(store, buffer, alerts).run() == 2
    rows = {row["task"]: row for row in store.listed(10)}
    assert rows[""]["text"] == "\\xff not json"
    assert (rows["t.gone"]["args"], rows["t.gone"]["task_id"]) == ([7], "sandbox-orders-1")
    assert (client.llen("one:orders.unreadable"), sorted(alerts)) == (
        0, [("dead_letter", "orders"), ("dead_letter", "t.gone")],
    )  # fmt: skip


def test_groups_on_one_database_have_no_letter_in_common(database, store):
    other = SqlDeadLetters(database, "mock:two")
    for each in (store, other):
        each.add(letter())
    other.add(letter(2))
    assert [row["failures"] for each in (store, other) for row in each.listed(10)] == [1, 1, 1]
    assert (store.waiting(), other.waiting()) == (1, 2)
    (own,), theirs = store.waiting_ids(), other.waiting_ids()
    assert own not in theirs
    assert {store.replay(each, pytest.fail, 500) for each in theirs} == {ReplayResult.NOT_THERE}
    assert store.drop(theirs) == 0
    for each in theirs:
        other.replay(each, lambda _: None, 500)
    assert (store.clean_up(900), other.clean_up(900)) == (0, 2)
    assert [row["dead_letter_id"] for row in store.listed(10, everything=True)] == [own]


@pytest.mark.parametrize("group", ["two", ""])
def test_nobody_collects_what_another_group_parked(client, buffer, group):
    client.lpush("one:orders.unreadable", b"no json")
    buffer.put(letter())
    assert buffer_of(client, group).waiting(QUEUES, 1, 10) == []
    assert len(buffer.waiting(QUEUES, 1, 10)) == 2


def test_modes_on_one_redis_collect_their_own_letters(client):
    mock, live = (RedisDeadLetterBuffer(client, broker_prefix="", scope=mode) for mode in ("mock", "live"))
    mock.put(letter())
    assert live.waiting(QUEUES, 1, 10) == []
    assert len(mock.waiting(QUEUES, 1, 10)) == 1


def test_a_letter_of_no_queue_is_collected_too(buffer):
    buffer.put(letter(queue=""))
    assert [each.task_id for _, each in buffer.waiting(QUEUES, 1, 10)] == ["id-1"]


def test_collecting_twice_after_a_death_in_between_is_one_letter(store, buffer, client, alerts):
    buffer.put(letter())
    [(_, kept)] = buffer.waiting(QUEUES, 1, 10)
    store.add(kept)  # and died here
    collecting(store, buffer, alerts).run()
    assert [row["failures"] for row in store.listed(10)] == [2]
    assert isinstance(client, redis.Redis) and json.loads(json.dumps(kept.args)) == ["order-1", 2]
