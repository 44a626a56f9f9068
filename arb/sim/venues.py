"""What differs between the simulated venues, one row each: markets, paths, and how they are broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import Venue
from arb.sim.core.ticks import TickRule, bithumb_tick, krw_tick

OPENING_MONEY: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"USDT": Decimal(1_000_000), "KRW": Decimal(1_400_000_000)}
)
KRW_LOT: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedMarket:
    """What a venue's books look like."""

    spread_bps: tuple[float, float]
    tick: TickRule | None = None  # None: each coin has its own
    lot: Decimal | None = None  # None: each coin has its own
    strays: bool = False  # its prices have a premium of their own on top of that in KRW


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedVenue:
    """What differs between simulators: market, fees, paths and limits."""

    market: SimulatedMarket
    fee_bps: Decimal  # taker's and maker's, where the configuration names none
    stream_path: str  # of the market stream, below its address
    user_stream_path: str
    limits_path: str  # where its limits are set
    roomy: Mapping[str, Any]  # that let a run take minutes: the real ones are for one account
    own_faults: tuple[str, ...] = ()  # kinds that no other one knows


SIMULATED: Final[Mapping[Venue, SimulatedVenue]] = MappingProxyType(
    {
        Venue.UPBIT: SimulatedVenue(
            market=SimulatedMarket(spread_bps=(1.0, 3.0), tick=krw_tick, lot=KRW_LOT),
            fee_bps=Decimal(5),
            stream_path="/websocket/v1",
            user_stream_path="/websocket/v1/private",
            limits_path="/sim/upbit/switches",
            roomy={"rates": {"order": 40, "default": 120}},
            own_faults=("identifier_free_after_refusal",),
        ),
        Venue.BINANCE: SimulatedVenue(
            market=SimulatedMarket(spread_bps=(0.05, 1.0)),
            fee_bps=Decimal(10),
            stream_path="",
            user_stream_path="/ws-api/v3",
            limits_path="/sim/binance/limits",
            roomy={"weight_per_minute": 60_000, "orders_per_10s": 1_000},
        ),
        Venue.BITHUMB: SimulatedVenue(
            market=SimulatedMarket(spread_bps=(1.0, 3.0), tick=bithumb_tick, lot=KRW_LOT, strays=True),
            fee_bps=Decimal(4),  # with the coupon that anybody may take
            stream_path="/websocket/v1",
            user_stream_path="/websocket/v2/private",
            limits_path="/sim/bithumb/switches",
            roomy={"rates": {"order": 400, "default": 1_000}},
        ),
    }
)
