"""Levels that several processes learn together, and that outlive all of them."""

from random import Random

import pytest

from arb.adapters.memory.levels import MemoryLevels
from arb.domain.strategy.levels import SeenLevels
from arb.domain.strategy.premium_memory import written_memory
from arb.domain.time import NS_PER_HOUR, NS_PER_MINUTE
from arb.engine.market.levels import KeptLevels
from tests.domain.strategy.premiums import BEGINS_NS, RULES, planted, seen

PREMIUMS = planted(Random(1), 1_000)


def process(store):
    return KeptLevels(seen=SeenLevels(rules=RULES), store=store)


def note(which, minute):
    which.note("BTC", BEGINS_NS + minute * NS_PER_MINUTE, PREMIUMS[minute])


def test_processes_that_take_turns_know_what_one_would_that_sees_everything():
    store = MemoryLevels()
    both = [process(store), process(store)]
    for minute in range(len(PREMIUMS)):
        note(both[Random(minute).random() < 0.5], minute)
    assert store.read("BTC") == written_memory(seen(PREMIUMS).of("BTC"))


def test_one_that_starts_anew_goes_on_where_the_last_one_ended():
    store = MemoryLevels()
    for minute in range(900):
        note(process(store) if minute % 300 == 0 else (again := process(store)), minute)
    assert again.level("BTC", BEGINS_NS + 899 * NS_PER_MINUTE) is not None


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_cannot_be_read_is_learnt_anew(text):
    store = MemoryLevels()
    store.keep("BTC", text)
    fresh = process(store)
    for minute in range(600):
        note(fresh, minute)
    assert fresh.level("BTC", BEGINS_NS + 599 * NS_PER_MINUTE) is not None


def test_what_is_stamped_ahead_of_now_is_not_believed():
    store = MemoryLevels()
    store.keep("BTC", written_memory(seen(PREMIUMS, begins_ns=BEGINS_NS + 99 * NS_PER_HOUR).of("BTC")))
    fresh = process(store)
    note(fresh, 0)
    assert fresh.seen.of("BTC").newest_ns == BEGINS_NS


def test_a_store_is_asked_once_a_look_and_not_more_often():
    asked = []

    class Counting(MemoryLevels):
        def read(self, coin):
            asked.append(coin)
            return super().read(coin)

    one = process(Counting())
    for _ in range(50):
        note(one, 0)
    assert asked == ["BTC"]
