"""When venues are asked for their time, and which answers are taken."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.errors import Retryable
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from workers.venue_clocks import AGAIN_NS, EVERY_NS, VenueClocks


class Client:
    """Answers with its offset, after a while, or not at all."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.offset_ms, self.takes_ms, self.away, self.asked = clock, 0, 0, False, 0

    def time_offset_ms(self) -> int | None:
        self.asked += 1
        self.clock.advance_ms(self.takes_ms)
        if self.away:
            raise Retryable(Venue.BINANCE, "no answer")
        return self.offset_ms


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.client = Client(self.clock)
        self.clocks = VenueClocks({Venue.BINANCE: self.client}, self.clock)

    def look(self) -> int:
        self.clocks.look()
        return self.clocks.offset_ns(Venue.BINANCE) // NS_PER_MS


@pytest.fixture
def world() -> World:
    return World()


def test_a_venue_is_in_step_until_it_was_heard(world):
    world.client.away, world.client.offset_ms = True, 700
    assert world.look() == 0
    world.client.away = False
    assert world.look() == 0
    world.clock.advance_ms(AGAIN_NS // NS_PER_MS)
    assert world.look() == 700
    assert world.clocks.offset_ns(Venue.UPBIT) == 0


def test_a_venue_is_asked_twice_a_minute(world):
    world.look()
    world.clock.advance_ms(EVERY_NS // NS_PER_MS - 1)
    world.look()
    assert world.client.asked == 1
    world.clock.advance_ms(1)
    world.look()
    assert world.client.asked == 2


def test_a_venue_is_asked_at_once_when_our_clock_was_set(world):
    world.look()
    world.clock.set_back_ms(2_000)
    world.client.offset_ms = 2_000
    assert world.look() == 2_000
    world.look()
    assert world.client.asked == 2


def test_an_answer_that_took_long_proves_nothing(world):
    world.client.offset_ms = 100
    assert world.look() == 100
    world.client.offset_ms, world.client.takes_ms = 900, 501
    world.clock.advance_ms(EVERY_NS // NS_PER_MS)
    assert world.look() == 100


def test_a_venue_without_a_clock_to_ask_is_in_step(world):
    world.client.offset_ms = None
    assert world.look() == 0
    assert world.client.asked == 1
