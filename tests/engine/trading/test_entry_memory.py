"""The review is asked no more than it is worth, and what it says is never anticipated."""

from dataclasses import replace

import pytest

from arb.domain.market.ids import Coin
from arb.domain.risk.review import Denied
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.trading.entry_memory import ASK_AGAIN_NS, EntryMemory
from tests.domain.markets import PAIR
from tests.engine.books import NOW_NS
from tests.engine.testbed import LIMITS, EngineTestbed

WAY, BACK = ((Coin("BTC"), direction) for direction in PAIR.directions)
DENIED = Denied("budget")


@pytest.fixture
def memory() -> EntryMemory:
    return EntryMemory(cooldown_ns=2 * NS_PER_S)


def test_nothing_is_known_before_anything_happened(memory):
    assert memory.why_not(WAY, NOW_NS) is None


def test_what_was_opened_cools_down_in_its_own_direction(memory):
    memory.opened(WAY, NOW_NS)
    assert memory.why_not(WAY, NOW_NS + 2 * NS_PER_S - 1) == Denied("entry_cooldown")
    assert memory.why_not(WAY, NOW_NS + 2 * NS_PER_S) is None
    assert memory.why_not(BACK, NOW_NS) is None


def test_what_was_denied_is_asked_again_a_moment_later(memory):
    memory.denied(WAY, DENIED, NOW_NS)
    assert memory.why_not(WAY, NOW_NS + ASK_AGAIN_NS - 1) == DENIED
    assert memory.why_not(WAY, NOW_NS + ASK_AGAIN_NS) is None
    assert memory.why_not(BACK, NOW_NS) is None


def test_what_is_remembered_of_a_time_before_the_clock_was_set_back_is_forgotten(memory):
    memory.denied(WAY, DENIED, NOW_NS)
    memory.opened(BACK, NOW_NS)
    assert memory.why_not(WAY, NOW_NS - 10 * NS_PER_S) is None
    assert memory.why_not(BACK, NOW_NS - 10 * NS_PER_S) is None


class Counted:
    """A store that counts how often it is asked for what a review goes by."""

    def __init__(self, trades) -> None:
        self._trades, self.reviews = trades, 0

    def known_exposure(self, *given):
        self.reviews += 1
        return self._trades.known_exposure(*given)

    def __getattr__(self, name):
        return getattr(self._trades, name)


def test_a_storm_of_quotes_is_reviewed_five_times_a_second_at_most():
    testbed = EngineTestbed()
    store = Counted(testbed.trades)
    limits = replace(LIMITS, notional_total_krw_max=LIMITS.notional_total_krw_max * 0)
    evaluate = replace(testbed.evaluate, trades=store, limits=limits)
    for _ in range(100):
        testbed.premium(60)
        assert evaluate.run() == 0
        testbed.pass_time(10)
    assert 1 < store.reviews <= NS_PER_S // (200 * NS_PER_MS)
    assert testbed.tables.trades == {}
