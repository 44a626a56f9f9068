"""What differs between the simulated venues for whoever breaks them, one row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedVenue:
    """One simulator."""

    limits_path: str  # where its limits are set
    roomy: Mapping[str, Any]  # that let a run take minutes: the real ones are for one account
    own_faults: tuple[str, ...] = ()  # kinds that no other one knows


SIMULATED: Final[Mapping[Venue, SimulatedVenue]] = MappingProxyType(
    {
        Venue.UPBIT: SimulatedVenue(
            limits_path="/sim/upbit/switches",
            roomy={"rates": {"order": 40, "default": 120}},
            own_faults=("identifier_free_after_refusal",),
        ),
        Venue.BINANCE: SimulatedVenue(
            limits_path="/sim/binance/limits",
            roomy={"weight_per_minute": 60_000, "orders_per_10s": 1_000},
        ),
    }
)
