"""What differs between the simulated venues for whoever connects to them or breaks them, one row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedVenue:
    """One simulator."""

    stream_path: str  # of the market stream, below its address
    user_stream_path: str
    limits_path: str  # where its limits are set
    roomy: Mapping[str, Any]  # that let a run take minutes: the real ones are for one account
    own_faults: tuple[str, ...] = ()  # kinds that no other one knows


SIMULATED: Final[Mapping[Venue, SimulatedVenue]] = MappingProxyType(
    {
        Venue.UPBIT: SimulatedVenue(
            stream_path="/websocket/v1",
            user_stream_path="/websocket/v1/private",
            limits_path="/sim/upbit/switches",
            roomy={"rates": {"order": 40, "default": 120}},
            own_faults=("identifier_free_after_refusal",),
        ),
        Venue.BINANCE: SimulatedVenue(
            stream_path="",
            user_stream_path="/ws-api/v3",
            limits_path="/sim/binance/limits",
            roomy={"weight_per_minute": 60_000, "orders_per_10s": 1_000},
        ),
    }
)
