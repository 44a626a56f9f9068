"""What the venues say for themselves.

Of the simulated ones it is the ground truth, read over HTTP: `/sim/orders`, `/sim/fills`, `/sim/balances`. Of
the others it is what their accounts hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
import urllib3

from arb.check.history import VenueFill, VenueHistory, VenueOrder
from arb.domain.errors import VenueError
from arb.domain.market.ids import Coin, FillId, Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Fill
from arb.engine.market.markets import symbol_on
from arb.ports.trading import VenueClient

TIMEOUT_S: Final = 5.0
READINGS_MAX: Final = 20  # of a venue that moves while it is read


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVenues:
    """Reads the journals of all simulated venues over HTTP."""

    base_urls: Mapping[Venue, str]
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
    )

    def __call__(self) -> VenueHistory:
        """Return what the venues say. Raises: VenueError."""
        read = {venue: self._read(venue) for venue in self.base_urls}
        return VenueHistory(
            orders=tuple(order for each in read.values() for order in each.orders),
            fills=tuple(fill for each in read.values() for fill in each.fills),
            balances={key: amount for each in read.values() for key, amount in each.balances.items()},
            torn=frozenset(venue for each in read.values() for venue in each.torn),
        )

    def _read(self, venue: Venue) -> VenueHistory:
        """Return one venue as it was at one place of its journal, or marked as torn."""
        for _ in range(READINGS_MAX):
            before = self._get(venue, "health")["seq"]
            orders, fills = self._get(venue, "orders")["orders"], self._get(venue, "fills")["fills"]
            current = self._get(venue, "balances")["current"]
            if self._get(venue, "health")["seq"] == before:
                torn: frozenset[Venue] = frozenset()
                break
        else:
            torn = frozenset({venue})
        return VenueHistory(
            orders=tuple(_order_of(venue, row) for row in orders),
            fills=tuple(_fill_of(venue, row) for row in fills),
            balances={
                (venue, asset): Decimal(amount["free"]) + Decimal(amount["locked"])
                for asset, amount in current.items()
            },
            torn=torn,
        )

    def _get(self, venue: Venue, what: str) -> Any:
        url = f"{self.base_urls[venue].rstrip('/')}/sim/{what}"
        try:
            reply = self.http.request("GET", url)
        except urllib3.exceptions.HTTPError as error:
            raise VenueError(venue, f"{url}: {error}") from error
        if reply.status != 200:
            raise VenueError(venue, f"{url} answers {reply.status}")
        return orjson.loads(reply.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBalances:
    """Reads what venues hold that keep no journal for us: the real ones, and those on paper."""

    venues: Mapping[Venue, VenueClient]

    def __call__(self) -> VenueHistory:
        """Return their balances. Raises: VenueError."""
        return VenueHistory(
            balances={
                (venue, asset): amount
                for venue, client in self.venues.items()
                for asset, amount in client.balances().items()
            },
            has_journal=False,
        )


def _order_of(venue: Venue, row: Mapping[str, Any]) -> VenueOrder:
    """Return the order of one row of `/sim/orders`."""
    return VenueOrder(
        venue=venue,
        venue_order_id=row["order_id"],
        client_id=row["client_id"],
        coin=Coin(row["coin"]),
        status=row["status"],
        received_ns=row["received_ns"],
    )


def _fill_of(venue: Venue, row: Mapping[str, Any]) -> VenueFill:
    """Return the execution of one row of `/sim/fills`."""
    return VenueFill(
        venue=venue,
        symbol=symbol_on(venue, Coin(row["coin"])),
        client_id=row["client_id"],
        side=Side(row["side"].lower()),
        fill=Fill(
            fill_id=FillId(row["fill_id"]),
            price=Decimal(row["price"]),
            quantity=Decimal(row["quantity"]),
            fee=Decimal(row["fee"]),
            fee_asset=row["fee_asset"],
            ts_event_ns=row["ts_ns"],
        ),
    )
