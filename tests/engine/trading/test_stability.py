"""How the venues did lately, as one process knows it."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.stability import VenueRecord
from arb.domain.time import NS_PER_S
from arb.engine.trading.stability import Stability

SESSION = SessionId("s")
WINDOW_NS = 60 * NS_PER_S


class Records:
    """What a store says, and how often it was asked."""

    def __init__(self) -> None:
        self.claims, self.away, self.asked = 1, False, []

    def pause(self, session_id, venue, until_ns, reason): ...

    def records(self, session_id, since_ns):
        self.asked.append((session_id, since_ns))
        if self.away:
            raise StoreUnavailable("away")
        return {Venue.UPBIT: VenueRecord(claims=self.claims)}


class World:
    def __init__(self) -> None:
        self.clock, self.store = ManualClock(), Records()
        self.stability = Stability(SESSION, self.store, self.clock, window_ns=WINDOW_NS)

    def claims(self) -> int:
        return self.stability.records()[Venue.UPBIT].claims


@pytest.fixture
def world() -> World:
    return World()


def test_the_window_reaches_back_from_now(world):
    world.claims()
    assert world.store.asked == [(SESSION, world.clock.now_ns() - WINDOW_NS)]


def test_how_late_the_venues_are_is_part_of_their_records(world):
    lags_ns = {Venue.BINANCE: 7}
    stability = Stability(SESSION, world.store, world.clock, window_ns=WINDOW_NS, lags_ns=lambda: lags_ns)
    assert stability.records() == dict.fromkeys(Venue, VenueRecord()) | {
        Venue.UPBIT: VenueRecord(claims=1),
        Venue.BINANCE: VenueRecord(lag_ns=7),
    }


def test_within_a_second_the_store_is_asked_once(world):
    world.claims()
    world.clock.advance_ms(999)
    world.claims()
    assert len(world.store.asked) == 1


def test_after_a_second_news_are_read(world):
    world.claims()
    world.store.claims = 2
    world.clock.advance_ms(1_000)
    assert world.claims() == 2


def test_a_clock_set_back_keeps_nothing_for_longer(world):
    world.claims()
    world.store.claims = 2
    world.clock.set_back_ms(60_000)
    assert world.claims() == 2


def test_a_store_that_is_away_leaves_no_old_opinion(world):
    world.claims()
    world.store.away = True
    world.clock.advance_ms(1_000)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            world.claims()
