"""Taking our orders back from the venues. Needs no database: our ids tell which orders are ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arb.domain.errors import RateLimited, VenueError
from arb.domain.market.ids import Venue
from arb.domain.trading.external import ListedOrder
from arb.ports.trading import VenueClient


@dataclass(frozen=True, slots=True)
class OpenNow:
    """What one look at every venue showed."""

    ours: tuple[ListedOrder, ...] = ()
    foreign: tuple[ListedOrder, ...] = ()  # left alone, and reported
    problems: tuple[str, ...] = ()  # venues that could not be asked

    @property
    def none_of_ours(self) -> bool:
        """Tell whether every venue says that no order of ours is open."""
        return not self.ours and not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Cancels what is ours, and remembers what it cancelled."""

    venues: Mapping[Venue, VenueClient]
    cancelled: dict[str, ListedOrder] = field(default_factory=dict)

    def step(self) -> OpenNow:
        """Look once at every venue and cancel what is ours; the next look tells what came of it."""
        ours: list[ListedOrder] = []
        foreign: list[ListedOrder] = []
        problems: list[str] = []
        for client in self.venues.values():
            try:
                listed = client.open_orders()
                ours += [order for order in listed if order.is_ours]
                foreign += [order for order in listed if not order.is_ours]
                problems += self._cancel(client, [order for order in listed if order.is_ours])
            except VenueError as error:
                problems.append(str(error))
        return OpenNow(tuple(ours), tuple(foreign), tuple(problems))

    def _cancel(self, client: VenueClient, orders: list[ListedOrder]) -> list[str]:
        """Cancel each, whatever becomes of the others; return why some could not be.

        Raises: RateLimited, since a venue that asked for a pause is left alone.
        """
        problems = []
        for order in orders:
            try:
                client.cancel(order)
            except RateLimited:
                raise
            except VenueError as error:
                problems.append(str(error))
            else:
                self.cancelled[order.client_order_id] = order
        return problems
