"""The check reads again before it accuses, and says what it could not compare."""

from collections.abc import Iterator

from arb.adapters.local.clock import ManualClock
from arb.check.checkers import READINGS_MAX, STREAK_MIN, Check
from arb.check.history import EngineHistory, Invariant, VenueHistory
from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from tests.check.histories import Told, story
from tests.check.test_checkers import balance_off_by_one_unit, fill_not_booked, sent_twice


class Tellers:
    """Both readers over a list of stories: the next one at every reading, the last one for ever."""

    def __init__(self, *stories: Told) -> None:
        self._stories = self._endless(stories)
        self._current = stories[0]
        self.read: list[str] = []

    @staticmethod
    def _endless(stories: tuple[Told, ...]) -> Iterator[Told]:
        yield from stories
        while True:
            yield stories[-1]

    def venues(self) -> VenueHistory:
        self.read.append("venues")
        self._current = next(self._stories)
        return self._current.venues

    def engine(self) -> EngineHistory:
        self.read.append("engine")
        return self._current.engine


def check_of(tellers: Tellers, clock: ManualClock | None = None) -> Check:
    return Check(read_engine=tellers.engine, read_venues=tellers.venues, clock=clock or ManualClock())


def test_a_clean_history_is_read_once() -> None:
    tellers = Tellers(story())
    assert check_of(tellers).run().all_hold
    assert tellers.read == ["venues", "engine"]


def test_what_is_gone_at_the_next_reading_was_in_flight() -> None:
    tellers = Tellers(fill_not_booked(story()), story())
    clock = ManualClock()
    assert check_of(tellers, clock).run().all_hold
    assert len(clock.slept_ms) == 1


def test_faults_that_come_and_go_are_no_standing_ones() -> None:
    coming_and_going = [fill_not_booked(story()), sent_twice(story())] * READINGS_MAX
    assert check_of(Tellers(*coming_and_going)).run().all_hold


def test_what_stays_is_a_violation_and_named() -> None:
    tellers = Tellers(sent_twice(story()))
    findings = check_of(tellers).run()
    assert findings.invariants[Invariant.AT_MOST_ONCE] is False
    assert findings.violations[0].row.startswith("order a1-")
    assert tellers.read.count("venues") == STREAK_MIN


def test_a_torn_reading_is_repeated_until_the_balances_can_be_compared() -> None:
    torn = story().with_venues(torn=frozenset({Venue.UPBIT}))
    assert check_of(Tellers(torn, story())).run().inconclusive == ()


def test_a_drift_that_stays_is_found_although_the_first_reading_was_torn() -> None:
    drifting = balance_off_by_one_unit(story())
    torn = drifting.with_venues(torn=frozenset({Venue.UPBIT}))
    assert not check_of(Tellers(torn, drifting)).run().all_hold


def test_a_venue_that_cannot_be_asked_is_said_and_accuses_nobody() -> None:
    tellers = Tellers(story())

    def away() -> VenueHistory:
        raise VenueError("upbit", "refused")

    findings = Check(read_engine=tellers.engine, read_venues=away, clock=ManualClock()).run()
    assert findings.all_hold
    assert "upbit: refused" in findings.inconclusive


def test_without_ground_truth_it_does_not_wait_for_any() -> None:
    clock = ManualClock()
    findings = Check(read_engine=Tellers(story()).engine, read_venues=None, clock=clock).run()
    assert findings.all_hold
    assert findings.unproven
    assert clock.slept_ms == []


def test_json_has_every_invariant_by_name() -> None:
    document = check_of(Tellers(sent_twice(story()))).run().as_json()
    assert set(document) == {"invariants", "violations", "unproven", "inconclusive", "profit"}
    assert set(document["invariants"]) == {invariant.value for invariant in Invariant}
    assert document["violations"][0]["invariant"] == "at_most_once"
