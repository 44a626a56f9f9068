"""What a venue's application is built on: one value that carries every shared part."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.sim.core.config import SimConfig, SimConfigError
from arb.sim.core.events import FaultStruck
from arb.sim.core.fault_check import complaint
from arb.sim.core.fault_kinds import FaultStage
from arb.sim.core.faults import Call, Fault, FaultPlan
from arb.sim.core.journal import VenueJournal
from arb.sim.core.market import SteppedMarket, build_market

EPOCH_AGE_NS_MAX: Final = 7 * 86_400 * NS_PER_S  # drawing a day of steps takes seconds


class WallClock(Protocol):
    """Anything that tells the time in Unix nanoseconds."""

    def now_ns(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueContext:
    """Configuration, time, market, truth and faults of one venue process."""

    venue: Venue
    config: SimConfig
    clock: WallClock
    market: SteppedMarket
    journal: VenueJournal
    faults: FaultPlan
    rng: Random  # latency and the like; never the market
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def now_ns(self) -> int:
        """Return the venue's time: the clock, plus any skew that is switched on."""
        return self.clock.now_ns() + self.faults.skew_ns()

    def strike(self, stage: FaultStage, call: Call) -> Fault | None:
        """Ask the fault plan, and record it if a fault hits a request."""
        fault = self.faults.strike(stage, call)
        if fault is not None:
            struck = FaultStruck(fault=fault.kind, endpoint=call.endpoint, client_id=call.client_id)
            self.journal.append(self.clock.now_ns(), struck)
        return fault

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside the requests until it ends or the process does."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def make_context(
    venue: Venue, config: SimConfig, clock: WallClock, journal_path: Path | None
) -> VenueContext:
    """Return the context of `venue`, with the market and dice that its configuration gives."""
    if clock.now_ns() - config.epoch_ns > EPOCH_AGE_NS_MAX:
        raise SimConfigError("epoch_ns: more than 7 days ago, and every step since would have to be drawn")
    market = build_market(config)
    faults = config.faults.get(venue, [])
    for fault in faults:
        wrong = complaint(fault, venue, market.coins(venue))
        if wrong is not None:
            raise SimConfigError(f"faults.{venue}: {wrong}")
    return VenueContext(
        venue=venue,
        config=config,
        clock=clock,
        market=market,
        journal=VenueJournal(journal_path),
        faults=FaultPlan(Random(f"{config.seed}:{venue}:faults"), faults, clock.now_ns),
        rng=Random(f"{config.seed}:{venue}:latency"),
    )
