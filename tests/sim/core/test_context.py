"""What a venue process stands on."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.market.ids import Venue
from arb.sim.core.config import SimConfigError
from arb.sim.core.context import make_context
from tests.sim.core.worlds import config, fault


def test_epoch_long_ago_is_refused_instead_of_drawing_for_minutes():
    week_ns = 7 * 86_400 * 10**9
    with pytest.raises(SimConfigError, match="epoch_ns"):
        make_context(Venue.BINANCE, config(), ManualClock(10**9 + week_ns + 1), None)


def test_clock_skew_moves_the_venues_time_only():
    context = make_context(Venue.BINANCE, config(), ManualClock(10**9), None)
    context.faults.add(fault("clock_skew_ms", delay_ms=-1500))
    assert context.now_ns() - context.clock.now_ns() == -1_500_000_000
