"""A frame has what can be known, and names what cannot."""

from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.app.facts.model import SLOW_NS
from arb.domain.errors import ConfigError, VenueError
from arb.stack.errors import StackNotRunning
from tests.cli.views.facts import NOW_NS, SOURCES, Stack, frames


def test_a_frame_has_the_facts_of_every_source() -> None:
    frame = frames(Stack(), ManualClock(NOW_NS)).read()
    btc, eth = frame.quotes
    assert [leg.age_ms for leg in btc.legs] == [40, 20]
    assert btc.premium_bps == Decimal(100)
    assert btc.edge_bps is not None and 80 < btc.edge_bps < 100
    assert eth.legs[0].mid is None and eth.edge_bps is None
    assert frame.krw_per_usdt == 1400
    assert frame.trades is not None and frame.trades[0].hedged == Decimal("0.1")
    assert frame.queues == {"orders": 1, "evaluate": 2, "housekeeping": 3}
    assert frame.away == ()


def test_a_process_is_listed_with_its_supervisor_and_its_heartbeat() -> None:
    frame = frames(Stack(), ManualClock(NOW_NS)).read()
    assert frame.processes is not None
    assert [(each.name, each.heartbeat_age_ms is not None) for each in frame.processes] == [
        ("feed", True),
        ("beat", False),
        ("worker-housekeeping", False),
        ("by-hand", True),
    ]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("error", [None, StackNotRunning, ConfigError, VenueError])
def test_any_source_may_be_away(source: str, error: type[Exception] | None) -> None:
    raised = error("gone") if error else None  # type: ignore[arg-type]
    frame = frames(Stack(source, error=raised), ManualClock(NOW_NS)).read()  # type: ignore[arg-type]
    assert len(frame.away) == 1
    assert len(frame.quotes) == 2


def test_everything_may_be_away() -> None:
    frame = frames(Stack(*SOURCES), ManualClock(NOW_NS)).read()
    assert frame.session is None and frame.trades is None and frame.processes is None
    assert len(frame.away) == len(SOURCES)


def test_what_is_dear_is_read_every_two_seconds_and_what_is_cheap_every_time() -> None:
    stack, clock = Stack(), ManualClock(NOW_NS)
    reader = frames(stack, clock)
    reader.read()
    clock.advance_ms(500)
    reader.read()
    assert stack.asked.count("report") == 1
    assert stack.asked.count("books") == 2
    clock.advance_ms(SLOW_NS // 1_000_000)
    reader.read()
    assert stack.asked.count("report") == 2


def test_what_was_away_is_named_until_it_is_asked_again() -> None:
    stack, clock = Stack("report"), ManualClock(NOW_NS)
    reader = frames(stack, clock)
    assert reader.read().away == ("report",)
    stack.away.clear()
    assert reader.read().away == ("report",)
    clock.advance_ms(SLOW_NS // 1_000_000)
    assert reader.read().away == ()
