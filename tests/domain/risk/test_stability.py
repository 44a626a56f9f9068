"""What a venue is entrusted with after troubles."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Denied
from arb.domain.risk.stability import StabilityRules, VenueHealth, VenueRecord, exit_pace, obstacle, score
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.exits import STOP_LOSS

NOW_NS = 1_763_640_000_000_000_000
RULES = StabilityRules(
    window_ns=60 * NS_PER_S,
    samples_min=10,
    score_min=Decimal("0.5"),
    circuit_claims_min=4,
    circuit_ns=10 * NS_PER_S,
)


@pytest.mark.parametrize(
    ("claims", "troubles", "expected"),
    [(0, 0, "1"), (9, 9, "1"), (10, 0, "1"), (10, 3, "0.7"), (10, 10, "0"), (10, 14, "0")],
)
def test_the_score_is_the_share_that_went_well_once_there_are_enough(claims, troubles, expected):
    assert score(VenueRecord(claims=claims, troubles=troubles), RULES) == Decimal(expected)


@pytest.mark.parametrize(
    ("lag_ms", "expected"), [(-9, "1"), (0, "1"), (750, "1"), (1_125, "0.5"), (1_500, "0"), (9_000, "0")]
)
def test_what_comes_late_lowers_the_score(lag_ms, expected):
    assert score(VenueRecord(lag_ns=lag_ms * NS_PER_MS), RULES) == Decimal(expected)
    half = VenueRecord(claims=20, troubles=10, lag_ns=lag_ms * NS_PER_MS)
    assert score(half, RULES) == Decimal(expected) / 2


@given(claims=st.integers(0, 10_000), troubles=st.integers(0, 20_000), lag_ns=st.integers())
def test_a_score_is_a_share(claims, troubles, lag_ns):
    assert 0 <= score(VenueRecord(claims=claims, troubles=troubles, lag_ns=lag_ns), RULES) <= 1


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        (None, VenueRecord()),
        (None, VenueRecord(claims=3, troubles=3, last_trouble_ns=NOW_NS)),
        (None, VenueRecord(claims=20, troubles=10, last_trouble_ns=NOW_NS)),
        (None, VenueRecord(paused_until_ns=NOW_NS)),
        ("venue_paused_upbit", VenueRecord(paused_until_ns=NOW_NS + 1)),
        ("venue_paused_upbit", VenueRecord(claims=4, troubles=4, last_trouble_ns=NOW_NS)),
        ("venue_unstable_upbit", VenueRecord(claims=20, troubles=11, last_trouble_ns=NOW_NS)),
        (None, VenueRecord(lag_ns=1_125 * NS_PER_MS)),
        ("venue_late_upbit", VenueRecord(lag_ns=1_126 * NS_PER_MS)),
        ("venue_late_upbit", VenueRecord(claims=20, troubles=11, lag_ns=1_400 * NS_PER_MS)),
        ("venue_unstable_upbit", VenueRecord(claims=20, troubles=15, lag_ns=1_000 * NS_PER_MS)),
    ],
)
def test_what_stops_entries_at_a_venue(reason, record):
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS) == (reason and Denied(reason))


def test_an_exit_waits_for_a_venue_that_is_late_and_a_stop_loss_does_not():
    late = {Venue.BINANCE: VenueHealth(record=VenueRecord(lag_ns=1_500 * NS_PER_MS))}
    assert exit_pace(late, "converged", RULES, NOW_NS) == Denied("venue_late_binance")
    assert not isinstance(exit_pace(late, STOP_LOSS, RULES, NOW_NS), Denied)


def test_an_open_circuit_lets_one_through_after_a_while():
    record = VenueRecord(claims=4, troubles=4, last_trouble_ns=NOW_NS)
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS + RULES.circuit_ns - 1) is not None
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS + RULES.circuit_ns) is None
    again = replace(record, claims=5, troubles=5, last_trouble_ns=NOW_NS + RULES.circuit_ns)
    assert obstacle(Venue.UPBIT, again, RULES, NOW_NS + RULES.circuit_ns + 1) is not None
