"""How well a venue treats our orders: recent troubles shrink what is entrusted to it.

Troubles are claims whose order was lost, given back, refused or proven absent. A pause that the venue asked
for, and a row of nothing but troubles, stop entries; hedges and repairs still try.
"""

from dataclasses import dataclass
from decimal import Decimal

from arb.domain.market.ids import Venue
from arb.domain.market.money import ONE, ZERO
from arb.domain.risk.review import Refused
from arb.domain.time import is_within
from arb.domain.trading.order import Event

TROUBLES = frozenset({Event.LOSE, Event.RELEASE, Event.REJECT, Event.ABSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityRules:
    """When a venue is entrusted with less, and when with nothing new."""

    window_ns: int  # how far back troubles count
    samples_min: int  # with fewer claims there is no opinion
    score_min: Decimal  # below this nothing new is opened
    circuit_claims_min: int  # this many claims and nothing but troubles open the circuit,
    circuit_ns: int  # for this long after the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRecord:
    """What became of the claims of orders that were created within the window."""

    claims: int = 0
    troubles: int = 0
    last_trouble_ns: int = 0
    paused_until_ns: int = 0  # the venue asked to be left alone


def score(record: VenueRecord, rules: StabilityRules) -> Decimal:
    """Return the share of claims that went well, in [0, 1]; 1 while there are too few to tell."""
    if record.claims < max(1, rules.samples_min):
        return ONE
    return max(ZERO, ONE - Decimal(record.troubles) / record.claims)


def obstacle(venue: Venue, record: VenueRecord, rules: StabilityRules, now_ns: int) -> Refused | None:
    """Return why nothing new may be opened at this venue, or None."""
    if now_ns < record.paused_until_ns or _circuit_is_open(record, rules, now_ns):
        return Refused(f"venue_paused_{venue}")
    if score(record, rules) < rules.score_min:
        return Refused(f"venue_unstable_{venue}")
    return None


def _circuit_is_open(record: VenueRecord, rules: StabilityRules, now_ns: int) -> bool:
    """Tell whether everything failed a moment ago; after a while one trade is let through to see."""
    all_failed = record.claims >= rules.circuit_claims_min and record.troubles >= record.claims
    return all_failed and is_within(record.last_trouble_ns, now_ns, rules.circuit_ns)
