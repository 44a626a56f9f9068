"""The heartbeat of a simulated venue, on a machine that may be too slow for it."""

import asyncio
from contextlib import suppress

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.sim.core.context import make_context
from arb.sim.core.steps import BEHIND_STEPS_MAX, PARTS, StepLoop
from tests.sim.core.worlds import config, exchange

STEP_MS = 100
SLEEP = asyncio.sleep


class World:
    """A venue whose steps cost what the test says, on a clock that the test moves."""

    def __init__(self) -> None:
        self.clock, self.shown, self.costs_ms = ManualClock(10**9), list[int](), 0
        self.context = make_context(Venue.BINANCE, config(), self.clock, None)
        self.parts, self.cuts = list[tuple[int, int, tuple[str, ...]]](), 0
        self.steps = StepLoop(self.context, exchange(), self._cut, self._publish)

    @property
    def coins(self) -> tuple[str, ...]:
        return self.context.market.coins(Venue.BINANCE)

    def _cut(self):
        self.cuts += 1

    def _publish(self, step, due_ns, books):
        if step not in self.shown[-1:]:
            self.shown.append(step)
            self.clock.advance_ms(self.costs_ms)
        self.parts.append((step, due_ns, tuple(books)))

    async def turns(self, count: int, apart_ms: int = 0) -> None:
        """Let everybody have that many turns."""
        task = asyncio.get_running_loop().create_task(self.steps.run())
        for _ in range(count):
            self.clock.advance_ms(apart_ms)
            await SLEEP(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr("arb.sim.core.steps.asyncio.sleep", lambda _s: SLEEP(0))
    return World()


def test_every_step_is_shown_in_order_also_by_a_process_that_was_held_up(world):
    world.steps.start()
    world.clock.advance_ms(BEHIND_STEPS_MAX * STEP_MS)
    asyncio.run(world.turns(PARTS * BEHIND_STEPS_MAX + 5))
    assert world.shown == list(range(BEHIND_STEPS_MAX + 1))


def test_the_books_of_a_step_are_spread_over_it_and_each_is_shown_once(world):
    world.steps.start()
    world.parts.clear()
    asyncio.run(world.turns(2 * STEP_MS, apart_ms=1))
    began_ns = world.context.market.starts_ns(1)
    first = [(due_ns - began_ns, coins) for step, due_ns, coins in world.parts if step == 1]
    assert [due_ns for due_ns, _ in first] == [STEP_MS * NS_PER_MS * part // PARTS for part in range(PARTS)]
    assert sorted(coin for _, coins in first for coin in coins) == sorted(world.coins)
    assert max(len(coins) for _, coins in first) == -(-len(world.coins) // PARTS)


def test_connections_are_cut_once_a_step(world):
    world.steps.start()
    asyncio.run(world.turns(3 * STEP_MS, apart_ms=1))
    assert world.cuts == len(world.shown) == 4


def test_a_process_that_was_held_up_for_long_goes_on_with_the_present(world):
    world.steps.start()
    world.clock.advance_ms((BEHIND_STEPS_MAX + 1) * STEP_MS)
    asyncio.run(world.turns(5))
    assert world.shown == [0, BEHIND_STEPS_MAX + 1]


def test_others_have_a_turn_between_two_steps_although_each_takes_too_long(world):
    world.costs_ms = 3 * STEP_MS
    world.steps.start()
    asyncio.run(world.turns(200))
    assert 200 // PARTS <= len(world.shown) <= 201
    assert world.shown == sorted(set(world.shown))
    behind_ns = world.clock.now_ns() - world.context.market.starts_ns(world.shown[-1])
    assert behind_ns <= (BEHIND_STEPS_MAX + 3) * STEP_MS * NS_PER_MS


def test_requests_get_as_much_time_as_the_steps(monkeypatch):
    asked, world = list[float](), World()

    def sleep(delay_s):
        asked.append(delay_s)
        return SLEEP(0)

    monkeypatch.setattr("arb.sim.core.steps.asyncio.sleep", sleep)
    world.costs_ms = STEP_MS // 2
    world.steps.start()
    real = iter(range(10**6))

    async def go() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: next(real) * 0.25)
        await world.turns(6 * PARTS, apart_ms=STEP_MS // PARTS)

    asyncio.run(go())
    assert asked[1:] and all(delay_s >= 0.25 for delay_s in asked[1:])
