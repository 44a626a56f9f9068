"""A message that is given up is kept somewhere, or it is not given up."""

from dataclasses import dataclass, field, replace

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Severity
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason
from arb.engine.health.dead_letters import COLLECTED_AT_ONCE, CollectDeadLetters, KeepDeadLetter, alert_of
from tests.engine.health.test_watch import Alarms, Counts

LETTER = DeadLetter(
    reason=DeadLetterReason.FAILED, queue="orders", error="it broke", at_ns=7, task="arb.settle_trade"
)
UNREADABLE = replace(LETTER, reason=DeadLetterReason.UNREADABLE, task="", text="?")


@dataclass
class Letters:
    """Where letters are kept, in the order in which they came; `away` takes none."""

    away: bool = False
    kept: list[DeadLetter] = field(default_factory=list)

    def add(self, letter: DeadLetter) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.kept.append(letter)


@dataclass
class Buffer(Letters):
    """Where they wait; remembers what was asked for."""

    asked: list[tuple] = field(default_factory=list)

    def put(self, letter: DeadLetter) -> None:
        self.add(letter)

    def waiting(self, queues, now_ns, limit):
        self.asked.append((tuple(queues), now_ns, limit))
        return [(("buffer", bytes([place])), letter) for place, letter in enumerate(self.kept)][:limit]

    def remove(self, token):
        self.kept[token[1][0]] = None


class World:
    def __init__(self) -> None:
        self.store, self.buffer, self.alarms, self.counts = Letters(), Buffer(), Alarms(), Counts()
        self.keep = KeepDeadLetter(
            store=self.store, buffer=self.buffer, alerts=self.alarms, counters=self.counts
        )
        self.collect = CollectDeadLetters(
            store=self.store, buffer=self.buffer, alerts=self.alarms, counters=self.counts, now_ns=lambda: 9,
            queues=("orders", "evaluate"),
        )  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


def test_a_letter_goes_to_the_database_and_nowhere_else(world):
    world.keep.run(LETTER)
    assert (world.store.kept, world.buffer.kept) == ([LETTER], [])


def test_a_letter_waits_while_the_database_is_away(world):
    world.store.away = True
    world.keep.run(LETTER)
    assert world.buffer.kept == [LETTER]
    assert world.counts.counts["dead_letters"] == {"parked": 1, "failed": 1}


def test_a_letter_that_neither_store_takes_is_not_given_up_and_nobody_is_told(world):
    world.store.away = world.buffer.away = True
    with pytest.raises(StoreUnavailable):
        world.keep.run(LETTER)
    assert world.alarms.raised == []
    assert world.counts.counts == {}


@pytest.mark.parametrize("away", [False, True])
def test_a_letter_is_told_and_counted_by_its_reason_wherever_it_is(world, away):
    world.store.away = away
    world.keep.run(LETTER)
    assert world.alarms.raised == [alert_of(LETTER)]
    assert world.counts.counts["dead_letters"]["failed"] == 1


def test_an_alert_names_the_task_and_what_to_look_at():
    alert = alert_of(LETTER)
    assert (alert.kind, alert.subject, alert.severity, alert.at_ns) == (
        "dead_letter", "arb.settle_trade", Severity.WARNING, 7,
    )  # fmt: skip
    assert "(failed): it broke; see `arb dead list`" in alert.message


def test_what_names_no_task_is_told_by_its_queue():
    assert alert_of(UNREADABLE).subject == "orders"


def test_what_is_parked_is_collected_and_leaves_the_lot(world):
    world.buffer.kept = [LETTER, replace(LETTER, task="arb.evaluate")]
    assert world.collect.run() == 2
    assert [letter.task for letter in world.store.kept] == ["arb.settle_trade", "arb.evaluate"]
    assert world.buffer.kept == [None, None]


def test_what_was_buried_is_not_told_again_when_it_is_collected(world):
    world.buffer.kept = [LETTER]
    world.collect.run()
    assert world.alarms.raised == []
    assert world.counts.counts == {}


def test_what_nobody_could_read_is_told_when_it_is_collected(world):
    world.buffer.kept = [UNREADABLE]
    world.collect.run()
    assert world.alarms.raised == [alert_of(UNREADABLE)]
    assert world.counts.counts == {"dead_letters": {"unreadable": 1}}


def test_while_the_database_is_away_what_is_parked_stays(world):
    world.buffer.kept, world.store.away = [LETTER], True
    with pytest.raises(StoreUnavailable):
        world.collect.run()
    assert world.buffer.kept == [LETTER]


def test_a_bounded_number_is_collected_at_once_from_every_queue(world):
    world.collect.run()
    assert world.buffer.asked == [(("orders", "evaluate"), 9, COLLECTED_AT_ONCE)]
