"""What a venue is entrusted with after troubles."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Refused
from arb.domain.risk.stability import StabilityRules, VenueRecord, obstacle, score
from arb.domain.time import NS_PER_S

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


@given(claims=st.integers(0, 10_000), troubles=st.integers(0, 20_000))
def test_a_score_is_a_share(claims, troubles):
    assert 0 <= score(VenueRecord(claims=claims, troubles=troubles), RULES) <= 1


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
    ],
)
def test_what_stops_entries_at_a_venue(reason, record):
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS) == (reason and Refused(reason))


def test_an_open_circuit_lets_one_through_after_a_while():
    record = VenueRecord(claims=4, troubles=4, last_trouble_ns=NOW_NS)
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS + RULES.circuit_ns - 1) is not None
    assert obstacle(Venue.UPBIT, record, RULES, NOW_NS + RULES.circuit_ns) is None
    again = replace(record, claims=5, troubles=5, last_trouble_ns=NOW_NS + RULES.circuit_ns)
    assert obstacle(Venue.UPBIT, again, RULES, NOW_NS + RULES.circuit_ns + 1) is not None
