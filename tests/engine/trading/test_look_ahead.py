"""What a decision will have to know is read before there is something to decide."""

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.time import NS_PER_MS
from arb.domain.trading.by_hand import Decided
from arb.engine.trading.by_hand import FRESH_NS, ByHand
from arb.engine.trading.look_ahead import AGE_NS, LookAhead
from tests.engine.testbed import SESSION, EngineTestbed


class Counted:
    """A store of what was decided by hand, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked, self.away = 0, False

    def decided(self, _session_id, _now_ns):
        if self.away:
            raise StoreUnavailable("away")
        self.asked += 1
        return Decided()


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def test_what_was_read_ahead_is_not_read_by_the_decision(testbed):
    store = Counted()
    known = ByHand(session_id=SESSION, store=store, clock=testbed.clock)
    ahead = LookAhead((known.read,))
    ahead.run()
    for _ in range(4):
        testbed.clock.sleep_ms(AGE_NS // NS_PER_MS)
        ahead.run()
        before = store.asked
        known.read()
        assert store.asked == before
    assert store.asked == 5


def test_young_knowledge_is_left_alone(testbed):
    store = Counted()
    ahead = LookAhead((ByHand(session_id=SESSION, store=store, clock=testbed.clock).read,))
    for _ in range(3):
        ahead.run()
        testbed.clock.sleep_ms(1)
    assert store.asked == 1


def test_what_cannot_be_read_is_left_to_the_decision(testbed):
    store = Counted()
    known = ByHand(session_id=SESSION, store=store, clock=testbed.clock)
    LookAhead((known.read,)).run()
    store.away = True
    testbed.clock.sleep_ms(FRESH_NS // NS_PER_MS)
    LookAhead((known.read,)).run()
    with pytest.raises(StoreUnavailable):
        known.read()


def test_all_that_an_entry_needs_is_read_ahead(testbed):
    """An entry within the time that it stays fresh asks for none of it again."""
    looks = (testbed.evaluate.guard.stability.records, testbed.fee_guard.assets, testbed.unfilled.look_ahead)
    LookAhead(looks).run()
    seen: list[str] = []

    class Watched:
        def __init__(self, store):
            self.store = store

        def __getattr__(self, name):
            if name in ("records", "entries", "fee_assets"):
                seen.append(name)
            return getattr(self.store, name)

    testbed.fee_guard.trades = Watched(testbed.fee_guard.trades)
    testbed.unfilled.store = Watched(testbed.unfilled.store)
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    assert seen == []
