"""Orders as a venue lists them, whoever placed them. What is not ours is adopted, never touched."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, parse_client_order_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import OrderState


class ExternalState(StrEnum):
    """Where an order that is not ours is, as far as we look."""

    OPEN = "open"
    GONE = "gone"  # no longer among the open ones


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """One order in a venue's list: how much was executed, but not by which fills."""

    venue: Venue
    symbol: Symbol  # the venue's own name of a market that we have none for
    client_order_id: ClientOrderId  # as the venue has it; "" where somebody gave none
    venue_order_id: VenueOrderId
    side: Side
    status: OrderState
    executed: Decimal  # base

    @property
    def is_ours(self) -> bool:
        """Tell whether the id is one that we derive for this venue."""
        name = parse_client_order_id(self.client_order_id)
        return name is not None and name[1] is self.venue

    def __str__(self) -> str:
        named = f" ({self.client_order_id})" if self.client_order_id else ""
        return f"{self.venue} {self.side} order {self.venue_order_id}{named} of {self.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalOrder:
    """An adopted order: somebody else's, on our account."""

    venue: Venue
    venue_order_id: VenueOrderId
    client_id: str
    symbol: str
    first_seen_ns: int
    last_seen_ns: int
    state: ExternalState
