"""The control channel through everything that a Redis can do: no message counts as lost."""

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis

from arb.adapters.local.clock import SeededEntropy, SystemClock
from arb.adapters.redis.client import connect
from arb.adapters.redis.control import ControlChannel, ControlListener, Hearing, stream_key
from arb.chaos.queue.broker_sandbox import BrokerSandbox
from arb.domain.errors import StoreUnavailable
from arb.domain.health.backoff import Backoff

pytestmark = pytest.mark.integration
QUICK = Backoff(first_ms=50, max_ms=200)
LOOK_NS = 400_000_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BrokerSandbox]:
    with BrokerSandbox() as made:
        yield made


@pytest.fixture
def channel(sandbox) -> Iterator[ControlChannel]:
    sandbox.redis.flushall()
    with connect(sandbox.server.url) as client:
        yield ControlChannel(client, "test", SeededEntropy(1))


class Heard:
    """A process that hears, and the truth that it reads when it cannot have heard everything."""

    def __init__(self, url: str, **rules) -> None:
        self.numbers: list[int] = []
        self.truths = 0
        self.away = False
        hearing = Hearing(handlers={"number": self.hear, "refused": self.refuse}, resync=self.resync)
        self.client = connect(url, timeout_ms=2_000)  # a busy machine is no outage
        self.listener = ControlListener(
            self.client,
            "test",
            hearing,
            SystemClock(),
            SeededEntropy(2),
            **{"backoff": QUICK, "look_ns": LOOK_NS, **rules},
        )

    def hear(self, body) -> None:
        self.numbers.append(body["number"])

    def refuse(self, body) -> None:
        raise StoreUnavailable("the database is away")

    def resync(self) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.truths += 1

    @property
    def connections(self) -> int:
        return self.listener.state.connections


@contextmanager
def hearing(sandbox: BrokerSandbox, **rules) -> Iterator[Heard]:
    heard = Heard(sandbox.server.url, **rules)
    heard.listener.start()
    try:
        eventually(lambda: heard.connections == 1)
        yield heard
    finally:
        heard.listener.stop()
        heard.client.close()


def eventually(condition: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def tell(channel: ControlChannel, *numbers: int) -> None:
    for number in numbers:
        channel.publish("number", {"number": number})


def test_what_is_told_is_heard_in_order_and_once(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1, 2, 3)
        eventually(lambda: heard.numbers == [1, 2, 3])
        time.sleep(0.5)
        assert heard.numbers == [1, 2, 3]
        assert heard.truths == 1


def test_what_was_told_before_a_process_began_is_in_the_truth_that_it_reads(sandbox, channel):
    tell(channel, 1)
    with hearing(sandbox) as heard:
        tell(channel, 2)
        eventually(lambda: heard.numbers == [2])
        assert heard.truths == 1


def test_a_wake_up_that_got_lost_is_made_up_for(sandbox, channel):
    with hearing(sandbox) as heard:
        sandbox.redis.xadd(stream_key("test"), {"topic": "number", "body": '{"number":7}'})
        eventually(lambda: heard.numbers == [7])


def test_messages_told_while_the_connection_was_away_are_heard_after_it(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        sandbox.redis.client_kill_filter(_type="pubsub", skipme=True)
        tell(channel, 2, 3)
        eventually(lambda: heard.numbers == [1, 2, 3] and heard.truths == 2)


def test_a_server_that_was_killed_and_started_again_goes_on_where_it_was(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        sandbox.wait_written()
        sandbox.kill_redis()
        with pytest.raises(StoreUnavailable):
            tell(channel, 99)
        sandbox.start_redis()
        tell(channel, 2)
        eventually(lambda: heard.numbers == [1, 2] and heard.connections == 2)
        assert heard.truths == 2


def test_a_server_that_lost_everything_has_the_truth_read_anew(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        sandbox.kill_redis()
        for kept in sandbox.home.redis.iterdir():
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
        sandbox.start_redis()
        tell(channel, 2)
        eventually(lambda: heard.truths >= 2 and heard.numbers == [1, 2])


def test_a_stream_that_was_wiped_under_a_standing_connection_is_noticed(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        sandbox.redis.flushall()
        tell(channel, 2, 3)
        eventually(lambda: heard.numbers == [1, 2, 3] and heard.truths == 2)
        assert heard.connections == 1


def test_a_stream_that_came_back_old_has_the_truth_read_anew(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        old = sandbox.redis.dump(stream_key("test"))
        tell(channel, 2)
        eventually(lambda: heard.numbers == [1, 2])
        sandbox.redis.restore(stream_key("test"), 0, old, replace=True)
        eventually(lambda: heard.truths == 2)
        tell(channel, 3)
        eventually(lambda: heard.numbers[-1] == 3)
        assert heard.numbers == [1, 2, 3]


def test_a_trimmed_stream_has_the_truth_read_anew(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        pipeline = sandbox.redis.pipeline(transaction=True)
        for number in (2, 3, 4):
            pipeline.xadd(stream_key("test"), {"topic": "number", "body": f'{{"number":{number}}}'})
        pipeline.xtrim(stream_key("test"), maxlen=1, approximate=False)
        pipeline.execute()
        eventually(lambda: heard.numbers == [1, 4] and heard.truths == 2)


def test_a_server_that_hangs_is_given_up_and_heard_again(sandbox, channel):
    with hearing(sandbox) as heard:
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        sandbox.redis_process.send_signal(signal.SIGSTOP)
        try:
            eventually(lambda: heard.listener.state.failures >= 2)
        finally:
            sandbox.redis_process.send_signal(signal.SIGCONT)
        eventually(lambda: heard.connections >= 2)
        tell(channel, 2)
        eventually(lambda: heard.numbers == [1, 2])


def test_what_a_handler_could_not_do_is_made_up_for_by_the_truth(sandbox, channel):
    with hearing(sandbox) as heard:
        heard.away = True
        channel.publish("refused", {})
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
        assert heard.truths == 1
        heard.away = False
        eventually(lambda: heard.truths == 2)


def test_a_topic_that_nobody_knows_disturbs_nobody(sandbox, channel):
    with hearing(sandbox) as heard:
        channel.publish("of another version", {"x": 1})
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])


def test_after_ten_failures_in_a_row_it_waits_out_a_cooldown(sandbox, channel, monkeypatch):
    waits = []
    with hearing(sandbox, backoff=Backoff(first_ms=1, max_ms=8, jitter=0.1), cooldown_ms=3_000) as heard:
        wait = heard.listener._stopping.wait
        monkeypatch.setattr(heard.listener._stopping, "wait", lambda s: (waits.append(s), wait(s))[1])
        sandbox.kill_redis()
        eventually(lambda: heard.listener.state.failures >= 11)
        time.sleep(0.5)
        assert heard.listener.state.failures == 11
        sandbox.start_redis()
        tell(channel, 1)
        eventually(lambda: heard.numbers == [1])
    assert waits[10] == 3.0
    assert all(0.9 * 0.008 <= wait <= 1.1 * 0.008 + 0.001 for wait in waits[4:10])


def test_the_stream_keeps_a_bounded_number_of_messages(sandbox, channel):
    for number in range(1_300):
        channel.publish("number", {"number": number})
    assert 1_000 <= sandbox.redis.xlen(stream_key("test")) < 1_200


def test_without_a_server_telling_is_unavailable_at_once():
    with connect("redis://127.0.0.1:1/0") as client, pytest.raises(StoreUnavailable):
        ControlChannel(client, "test", SeededEntropy(1)).publish("number", {})
    assert isinstance(client, redis.Redis)
