import pytest

from arb.domain.time import NS_PER_S
from arb.sim.krw.errors import KrwRejection
from arb.sim.krw.limits import BLOCK_NS_FIRST, EXCESS_MAX, STRIKE_MEMORY_NS, MessageLimiter, RequestLimiter
from arb.sim.krw.rates import remaining_header
from arb.sim.upbit.house import RATES

START_NS = 1_000 * NS_PER_S


@pytest.fixture
def limiter():
    return RequestLimiter(rates=dict(RATES))


def status(limiter, now_ns, group="order", caller="a"):
    with pytest.raises(KrwRejection) as caught:
        limiter.take(group, caller, now_ns)
    return caught.value.reply.status


def spend(limiter, now_ns, group="order"):
    return [limiter.take(group, "a", now_ns) for _ in range(limiter.rates[group].count)]


def strike(limiter, now_ns):
    """Use up a second and go on until blocked; return how often the answer was 429."""
    spend(limiter, now_ns)
    return [status(limiter, now_ns) for _ in range(EXCESS_MAX + 1)].count(429)


def test_remaining_counts_down_and_comes_back_with_the_next_second(limiter):
    assert spend(limiter, START_NS) == list(range(11, -1, -1))
    assert status(limiter, START_NS + NS_PER_S - 1) == 429
    assert limiter.take("order", "a", START_NS + NS_PER_S) == 11


@pytest.mark.parametrize(
    ("group", "count"), [("order", 12), ("default", 30), ("ticker", 10), ("orderbook", 10)]
)
def test_each_group_has_its_own_limit(limiter, group, count):
    assert len(spend(limiter, START_NS, group)) == count
    assert status(limiter, START_NS, group) == 429


def test_callers_do_not_share_a_limit(limiter):
    spend(limiter, START_NS)
    assert limiter.take("order", "b", START_NS) == 11


def test_cancel_all_is_once_in_two_seconds(limiter):
    limiter.take("order-cancel-all", "a", START_NS)
    assert status(limiter, START_NS + NS_PER_S, "order-cancel-all") == 429
    limiter.take("order-cancel-all", "a", START_NS + 2 * NS_PER_S)


def test_going_on_is_blocked_and_the_block_grows(limiter):
    assert strike(limiter, START_NS) == EXCESS_MAX
    assert status(limiter, START_NS + BLOCK_NS_FIRST - 1) == 418
    again_ns = START_NS + BLOCK_NS_FIRST
    assert strike(limiter, again_ns) == EXCESS_MAX
    assert status(limiter, again_ns + 2 * BLOCK_NS_FIRST - 1) == 418
    assert limiter.take("order", "a", again_ns + 2 * BLOCK_NS_FIRST) == 11


def test_good_behaviour_forgets_earlier_blocks(limiter):
    strike(limiter, START_NS)
    later_ns = START_NS + BLOCK_NS_FIRST + STRIKE_MEMORY_NS
    strike(limiter, later_ns)
    assert limiter.take("order", "a", later_ns + BLOCK_NS_FIRST) == 11


def test_header_has_the_documented_form():
    assert remaining_header("default", RATES["default"], 29) == "group=default; min=1800; sec=29"


def test_connection_takes_five_messages_a_second_and_a_hundred_a_minute():
    messages = MessageLimiter()
    start_ns = 60 * START_NS
    assert [messages.take(start_ns) for _ in range(6)] == [True] * 5 + [False]
    later = [messages.take(start_ns + number * NS_PER_S // 4) for number in range(4, 100)]
    assert all(later[:94])
    assert not later[95]
