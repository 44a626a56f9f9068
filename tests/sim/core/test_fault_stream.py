"""What stream faults do to frames."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.sim.core.fault_stream import PrivateShaper, PublicShaper
from tests.sim.core.worlds import fault, plan_of


def frames_of(*faults, count=3):
    shaper = PrivateShaper(plan_of(*faults), "userDataStream")
    return [[(d.delay_ms, d.frame) for d in shaper.push(b"%d" % number)] for number in range(count)]


def test_private_events_pass_unchanged_without_faults():
    assert frames_of(count=2) == [[(0, b"0")], [(0, b"1")]]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("duplicate_event", [(0, b"0"), (0, b"0")], [(0, b"1")]),
        ("missing_event", [], [(0, b"1")]),
        ("late_event", [(700, b"0")], [(0, b"1")]),
        ("reordered_event", [], [(0, b"1"), (0, b"0")]),
    ],
)
def test_private_event_fault_does_what_it_says(kind, first, second):
    assert frames_of(fault(kind, count=1, delay_ms=700), count=2) == [first, second]


def test_frozen_stream_is_silent_for_its_time_and_others_go_on():
    clock = ManualClock(0)
    frozen = fault("freeze_stream", endpoint="a", count=1, delay_ms=50)
    shaper = PublicShaper(plan_of(frozen), clock, bytes)
    assert shaper.push("a", b"x") is None
    assert shaper.push("b", b"x") == b"x"
    clock.advance_ms(49)
    assert shaper.push("a", b"x") is None
    clock.advance_ms(1)
    assert shaper.push("a", b"x") == b"x"


def test_market_frame_is_crossed_or_cut():
    clock = ManualClock(0)
    assert (
        PublicShaper(plan_of(fault("crossed_book")), clock, lambda raw: raw[::-1]).push("a", b"xy") == b"yx"
    )
    assert PublicShaper(plan_of(fault("malformed_frame")), clock, bytes).push("a", b"{}{}") == b"{}"
