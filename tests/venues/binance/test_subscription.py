"""Batches, answers that are lost, and markets that spoil a batch, against a venue of a few lines."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.venues.binance.subscription import BATCH, REJECTED_NS, REPLY_NS_MAX, StreamSubscription

STEP_NS = 400_000_000


class Venue:
    """Takes messages, refuses a batch that has an unknown market, and may lose its answers."""

    def __init__(self, unknown: frozenset[str] = frozenset()) -> None:
        self.unknown = unknown
        self.streams: set[str] = set()
        self.messages: list[str] = []
        self.now_ns = 0
        self.subscription = StreamSubscription(lambda name: (f"{name}@top", f"{name}@depth"))

    def reconnected(self) -> None:
        self.streams.clear()
        self.subscription.opened()

    def step(self, wanted: list[str], *, loses_request: bool = False, loses_reply: bool = False) -> bool:
        """Send what is due; tell whether there was something."""
        self.now_ns += STEP_NS
        message = self.subscription.due(dict.fromkeys(wanted), self.now_ns)
        if message is None:
            return False
        self.messages.append(message)
        if loses_request:
            return True
        asked = orjson.loads(message)
        is_refused = any(name.partition("@")[0] in self.unknown for name in asked["params"])
        if asked["method"] == "UNSUBSCRIBE":
            self.streams -= {*asked["params"]}
        elif not is_refused:
            self.streams |= {*asked["params"]}
        if not loses_reply:
            why = "unknown" if is_refused and asked["method"] == "SUBSCRIBE" else ""
            assert self.subscription.answered(asked["id"], why)
        return True

    def settle(self, wanted: list[str]) -> None:
        """Go on until nothing is due and no answer is awaited."""
        quiet = 0
        while quiet * STEP_NS <= REPLY_NS_MAX + STEP_NS:
            quiet = 0 if self.step(wanted) else quiet + 1
            assert len(self.messages) < 2_000

    def markets(self) -> set[str]:
        found = {name.partition("@")[0] for name in self.streams}
        assert len(self.streams) == 2 * len(found)
        return found


def names(count: int) -> list[str]:
    return [f"c{number}usdt" for number in range(count)]


@pytest.mark.parametrize(("count", "messages"), [(1, 1), (BATCH, 1), (250, 3), (512, 6)])
def test_markets_are_subscribed_to_in_batches_of_a_few_kilobytes(count, messages):
    venue = Venue()
    venue.settle(names(count))
    assert venue.markets() == {*names(count)}
    assert len(venue.messages) == messages
    assert max(map(len, venue.messages)) < 8_192


def test_a_change_asks_for_the_difference_alone():
    venue = Venue()
    venue.settle(names(5))
    before = len(venue.messages)
    venue.settle([*names(4), "newusdt"])
    assert [orjson.loads(text)["params"] for text in venue.messages[before:]] == [
        ["c4usdt@top", "c4usdt@depth"],
        ["newusdt@top", "newusdt@depth"],
    ]


@pytest.mark.parametrize("lost", ["loses_request", "loses_reply"])
def test_what_got_no_answer_is_asked_again(lost):
    venue = Venue()
    venue.step(names(3), **{lost: True})
    venue.settle(names(3))
    assert venue.markets() == {*names(3)}
    assert len(venue.messages) == 2


def test_markets_that_the_venue_does_not_know_are_left_out_and_all_others_go_on():
    unknown = frozenset({"c7usdt", "c133usdt", "c249usdt"})
    venue = Venue(unknown)
    venue.settle(names(250))
    assert venue.markets() == {*names(250)} - unknown
    assert venue.subscription.rejected.keys() == unknown
    assert len(venue.messages) < 50


def test_a_market_that_was_refused_is_taken_once_it_is_listed():
    venue = Venue(frozenset({"c1usdt"}))
    venue.settle(names(3))
    venue.unknown = frozenset()
    venue.now_ns += REJECTED_NS
    assert venue.subscription.rejected
    venue.settle(names(3))
    assert venue.markets() == {*names(3)}
    assert not venue.subscription.rejected


def test_a_market_that_is_no_longer_wanted_is_no_longer_refused():
    venue = Venue(frozenset({"c1usdt"}))
    venue.settle(names(3))
    venue.settle(names(1))
    assert not venue.subscription.rejected


def test_a_market_that_was_refused_and_is_wanted_again_is_asked_for_again():
    venue = Venue(frozenset({"c1usdt"}))
    venue.settle(names(2))
    venue.subscription.due({"c0usdt": None}, venue.now_ns)
    venue.unknown = frozenset()
    venue.settle(names(2))
    assert venue.markets() == {*names(2)}


def test_a_new_connection_asks_for_everything_and_old_answers_are_nobodys():
    venue = Venue()
    venue.settle(names(3))
    venue.step(names(4), loses_reply=True)
    venue.reconnected()
    assert not venue.subscription.answered(2, "")
    venue.settle(names(4))
    assert venue.markets() == {*names(4)}


def test_one_question_is_open_at_a_time():
    venue = Venue()
    assert venue.step(names(250), loses_reply=True)
    assert [venue.step(names(250)) for _ in range(REPLY_NS_MAX // STEP_NS)] == [False] * 12
    assert venue.step(names(250))


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing():
    venue = Venue()
    venue.step(names(3), loses_reply=True)
    venue.now_ns += REPLY_NS_MAX
    venue.step(names(3), loses_reply=True)
    assert venue.subscription.answered(1, "too late, and refused")
    assert not venue.subscription.rejected
    venue.settle(names(3))
    assert venue.markets() == {*names(3)}


@pytest.mark.parametrize("request_id", [None, 0, 99, "1", [1]])
def test_an_answer_to_no_question_of_ours_is_not_taken(request_id):
    assert not Venue().subscription.answered(request_id, "")


STEPS = st.tuples(
    st.lists(st.integers(0, 8), unique=True), st.sampled_from(["", "loses_request", "loses_reply", "cut"])
)


@given(st.lists(STEPS, max_size=15), st.frozensets(st.integers(0, 8), max_size=3))
def test_whatever_is_lost_the_venue_ends_with_what_is_wanted_and_known(steps, unknown):
    venue, wanted = Venue(frozenset(f"c{number}usdt" for number in unknown)), list[str]()
    for numbers, accident in steps:
        wanted = [f"c{number}usdt" for number in numbers]
        if accident == "cut":
            venue.reconnected()
        venue.step(wanted, **({accident: True} if accident.startswith("loses") else {}))
    venue.settle(wanted)
    assert venue.markets() == {*wanted} - venue.unknown
    assert venue.subscription.rejected.keys() == {*wanted} & venue.unknown
