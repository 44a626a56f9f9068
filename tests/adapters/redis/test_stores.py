"""What is particular to Redis: key names, one round trip, races, and its absence."""

import socket
import time
from dataclasses import replace
from decimal import Decimal
from threading import Event, Thread

import pytest
import redis

from arb.adapters.redis.chances import RedisChances
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import BufferedRedisCounters, RedisCounters
from arb.adapters.redis.fees import AGE_NS_MAX, RedisFees
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin, SessionId, Symbol, Venue
from arb.domain.market.opportunity import Opportunity
from arb.ports.market import ReadyMessage
from tests.contracts.world import SELL_UPBIT
from tests.engine.books import BTC_KRW, NOW_NS, a_book, taken
from tests.engine.books import BTC_USDT as OTHER

CHANCE = Opportunity(
    coin=Coin("BTC"),
    direction=SELL_UPBIT,
    began_ns=NOW_NS,
    ended_ns=NOW_NS,
    peak_ns=NOW_NS,
    peak_bps=Decimal(30),
    quantity=Decimal(1),
    size_krw=Decimal(1),
    worth_krw=Decimal(1),
)
BTC = Coin("BTC")
pytestmark = pytest.mark.integration


@pytest.fixture
def client(redis_url):
    with connect(redis_url) as made:
        yield made


@pytest.fixture
def nowhere():
    """A client of an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with connect(f"redis://127.0.0.1:{free.getsockname()[1]}/0") as made:
            yield made


def test_a_quote_is_readable_under_its_documented_name(client):
    RedisQuoteStore(client, "mock").put([a_book()], [BTC])
    text = client.hget("arbitrage:quotes:mock", "upbit|BTC/KRW")
    assert text.startswith(b'{"venue":"upbit","symbol":"BTC/KRW",')
    assert client.smembers("arbitrage:dirty:mock") == {b"BTC"}
    assert 0 < client.pttl("arbitrage:pending:mock") <= 1_000


def test_put_and_take_are_one_round_trip_each(client, monkeypatch):
    sent = []
    pack = redis.connection.Connection.send_packed_command
    monkeypatch.setattr(
        redis.connection.Connection,
        "send_packed_command",
        lambda self, *args, **kwargs: (sent.append(args), pack(self, *args, **kwargs))[1],
    )
    store = RedisQuoteStore(client, "mock")
    store.put([], [])  # loads the script
    taken(store)
    sent.clear()
    store.put([a_book()], [BTC])
    taken(store)
    assert len(sent) == 2


def test_a_notice_is_in_its_queue_as_it_was_given_when_the_mark_is_set(client):
    store = RedisQuoteStore(client, "mock")
    for _ in range(2):
        store.put([a_book()], [BTC], ReadyMessage(queue="prefix:evaluate", text=b"\x00 look"))
    assert client.lrange("prefix:evaluate", 0, -1) == [b"\x00 look"]
    assert client.exists("arbitrage:pending:mock") == 1


def test_taking_clears_the_pending_mark_before_it_drains(client):
    """Drained first, a coin marked in between would wait with its wake-up already refused."""
    store = RedisQuoteStore(client, "mock")
    store.put([], [BTC])
    ours = []
    with client.monitor() as monitor:
        taken(store)
        while len(ours) < 2:
            name = monitor.next_command()["command"].split()[0].upper()
            if name in ("DEL", "SPOP"):
                ours.append(name)
    assert ours == ["DEL", "SPOP"]


def test_no_wake_up_is_lost_between_a_writer_and_an_evaluator(redis_url):
    """Every put either finds an evaluation pending that will take its coin, or is told to ask for one."""
    asked, done, seen = Event(), Event(), []

    def evaluate():
        with connect(redis_url) as own:
            store = RedisQuoteStore(own, "mock", pending_ms=60_000)
            while not done.is_set() or asked.is_set():
                if asked.wait(0.01):
                    asked.clear()
                    found = store.take((), (), tuple)
                    seen.extend(found.coins)
                    if found.more:
                        asked.set()

    evaluator = Thread(target=evaluate)
    evaluator.start()
    coins = [Coin(f"C{number}") for number in range(2_000)]
    with connect(redis_url) as own:
        store = RedisQuoteStore(own, "mock", pending_ms=60_000)
        for coin in coins:
            if store.put([], [coin]).due:
                asked.set()
    time.sleep(0.05)
    done.set()
    evaluator.join(10)
    assert sorted(seen) == sorted(coins)


def test_an_unreadable_book_is_as_good_as_none(client):
    client.hset("arbitrage:quotes:mock", "upbit|BTC/KRW", "{}")
    assert dict(RedisQuoteStore(client, "mock").get([BTC_KRW])) == {}


@pytest.mark.parametrize("text", ["", "{}", "{\n}", "\n", "[]\n[]"])
def test_an_unreadable_book_is_as_good_as_none_and_moves_no_other_ones(client, text):
    store = RedisQuoteStore(client, "mock")
    store.put([a_book(BTC_KRW), a_book(OTHER)], [BTC])
    client.hset("arbitrage:quotes:mock", "upbit|BTC/KRW", text)
    found = store.take((Venue.UPBIT, Venue.BINANCE), [], tuple)
    assert found.quotes.books == {OTHER: a_book(OTHER)}


def test_a_book_that_did_not_change_is_not_read_again(client):
    store = RedisQuoteStore(client, "mock")
    store.put([a_book()], [BTC])
    first, second = store.get([BTC_KRW]), store.look([BTC_KRW]).books
    assert second[BTC_KRW] is first[BTC_KRW]
    newer = a_book(sequence=first[BTC_KRW].sequence + 1)
    store.put([newer], [BTC])
    assert store.get([BTC_KRW]) == {BTC_KRW: newer}
    store.remove({BTC_KRW: 0})
    assert store.get([BTC_KRW]) == {}


def test_counters_add_up_by_name_and_reason(client):
    counters = RedisCounters(client, "mock")
    counters.count("frames_dropped", "upbit:stale")
    counters.count("frames_dropped", "upbit:stale", 2)
    counters.count("refused", "thin")
    assert counters.read() == {"frames_dropped": {"upbit:stale": 3}, "refused": {"thin": 1}}


def test_counters_are_those_of_one_session(client):
    counters = RedisCounters(client, "mock")
    counters.begin(SessionId("first"))
    counters.count("refused", "thin")
    RedisCounters(client, "mock:btc").count("refused", "thin")
    counters.begin(SessionId("first"))
    assert counters.read() == {"refused": {"thin": 1}}
    counters.begin(SessionId("second"))
    assert counters.read() == {}
    assert RedisCounters(client, "mock:btc").read() == {"refused": {"thin": 1}}


def test_buffered_counts_arrive_together_and_by_themselves(client):
    shared = RedisCounters(client, "mock")
    counters = BufferedRedisCounters(shared)
    for _ in range(3):
        counters.count("refused", "thin")
    counters.count("refused", "far", 2)
    assert shared.read() == {}
    assert counters.read() == {"refused": {"thin": 3, "far": 2}}
    counters.count("refused", "thin")
    until = time.monotonic() + 10
    while shared.read()["refused"]["thin"] < 4 and time.monotonic() < until:
        time.sleep(0.01)
    assert shared.read() == {"refused": {"thin": 4, "far": 2}}


def test_the_newest_heartbeat_is_kept_with_its_time(client):
    beats = RedisHeartbeats(client, "mock")
    beats.beat("feed", {"frames": "1"}, NOW_NS)
    beats.beat("feed", {"frames": "2"}, NOW_NS + 1)
    assert beats.read() == {"feed": {"frames": "2", "at_ns": str(NOW_NS + 1)}}


def test_without_a_server_quotes_are_unavailable_at_once(nowhere):
    store = RedisQuoteStore(nowhere, "mock")
    began = time.monotonic()
    for call in (lambda: store.put([a_book()], [BTC]), lambda: taken(store), lambda: store.get([BTC_KRW])):
        with pytest.raises(StoreUnavailable):
            call()
    with pytest.raises(StoreUnavailable):
        store.remove({BTC_KRW: 0})
    assert time.monotonic() - began < 0.5


def test_a_server_that_hangs_is_unavailable_within_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with connect(address, timeout_ms=50) as client:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                taken(RedisQuoteStore(client, "mock"))
            assert time.monotonic() - began < 0.5


def test_counts_and_heartbeats_are_lost_quietly_without_a_server(nowhere):
    RedisCounters(nowhere, "mock").count("frames_dropped", "upbit:stale")
    RedisCounters(nowhere, "mock").begin(SessionId("first"))
    RedisHeartbeats(nowhere, "mock").beat("feed", {}, NOW_NS)
    with pytest.raises(StoreUnavailable):
        RedisCounters(nowhere, "mock").read()


def test_a_full_server_is_unavailable_and_loses_counts_quietly(client):
    client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM"):
            RedisQuoteStore(client, "mock").put([a_book()], [BTC])
        RedisCounters(client, "mock").count("frames_dropped", "upbit:stale")
        RedisHeartbeats(client, "mock").beat("feed", {}, NOW_NS)
    finally:
        client.config_set("maxmemory", "0")


BTC_USDT, ETH_USDT = Symbol("BTC/USDT"), Symbol("ETH/USDT")


def test_a_fee_is_known_to_every_process_for_an_hour_and_no_longer(client):
    RedisFees(client, "mock", Venue.BINANCE, "account").remember({BTC_USDT: Decimal("7.5")}, NOW_NS)
    fees = RedisFees(client, "mock", Venue.BINANCE, "account")
    assert fees.known([BTC_USDT, ETH_USDT], NOW_NS + AGE_NS_MAX - 1) == {BTC_USDT: Decimal("7.5")}
    assert fees.known([BTC_USDT], NOW_NS + AGE_NS_MAX) == {}


def test_a_fee_is_the_accounts_own(client):
    RedisFees(client, "mock", Venue.BINANCE, "one").remember({BTC_USDT: Decimal("7.5")}, NOW_NS)
    assert RedisFees(client, "mock", Venue.BINANCE, "another").known([BTC_USDT], NOW_NS) == {}


def test_without_redis_no_fee_is_known(nowhere):
    fees = RedisFees(nowhere, "mock", Venue.BINANCE, "account")
    fees.remember({BTC_USDT: Decimal("7.5")}, NOW_NS)
    assert fees.known([BTC_USDT], NOW_NS) == {}


def test_chances_arrive_together_and_by_themselves_the_newest_of_each(client, redis_url):
    kept, found = RedisChances(client, "mock"), []
    kept.keep([CHANCE])
    kept.keep([replace(CHANCE, ended_ns=NOW_NS + 1), replace(CHANCE, began_ns=NOW_NS + 1)])
    with connect(redis_url) as other:
        reader, until = RedisChances(other, "mock"), time.monotonic() + 10
        while not found and time.monotonic() < until:
            time.sleep(0.01)
            found = reader.take()
    assert {(each.began_ns, each.ended_ns) for each in found} == {(NOW_NS, NOW_NS + 1), (NOW_NS + 1, NOW_NS)}


def test_chances_are_lost_quietly_without_a_server(nowhere):
    kept = RedisChances(nowhere, "mock")
    kept.keep([CHANCE])
    kept.flush()
    with pytest.raises(StoreUnavailable):
        kept.take()
