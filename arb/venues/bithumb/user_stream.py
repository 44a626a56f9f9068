"""Bithumb's private stream, version 2: `myOrder` events as reports, DEFAULT or SIMPLE names, binary or text.

Pure. The handshake carries the token, of no parameters. No event tells the fee of one trade, so that none
is taken for a fill: each says how much was executed in all, and what is missing is asked for. Events only,
nothing is replayed; a field without a value is left out. Source: docs/protocols/bithumb.md.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError
from arb.domain.market.ids import ClientOrderId, Venue, VenueOrderId
from arb.domain.market.money import ZERO
from arb.domain.trading.order import OrderReport, OrderState
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.bithumb.replies import ended_as
from arb.venues.krw.auth import StampedPass, bearer
from arb.venues.krw.replies import STATES
from arb.venues.krw.stream import KEEP_ALIVE
from arb.venues.krw.user_stream import TRADE, read_frame, subscription
from arb.venues.reply import amount

SHORT_NAMES: Final = MappingProxyType(
    {
        "ty": "type",
        "oid": "order_id",
        "s": "state",
        "oq": "order_quantity",
        "eq": "executed_quantity",
        "coid": "client_order_id",
    }
)


class _MyOrder(msgspec.Struct):
    order_id: str
    state: str
    order_quantity: Decimal | None = None
    executed_quantity: Decimal = ZERO
    client_order_id: str = ""


class BithumbUserStream:
    """The private stream protocol of one account. `access` signs the next handshake."""

    venue = Venue.BITHUMB
    keep_alive = KEEP_ALIVE

    def __init__(self, access: Callable[[], StampedPass]) -> None:
        self._access = access

    def headers(self) -> Mapping[str, str]:
        """Return the token of one handshake."""
        return bearer(self._access())

    def opened(self) -> tuple[str, ...]:
        """Return the subscription to the orders of every market."""
        return subscription(self._access().nonce)

    def read(self, frame: bytes) -> StreamedReport | Notice:
        """Return what a frame says. Raises: DataError, Rejected."""
        return read_frame(Venue.BITHUMB, SHORT_NAMES, frame, _report)


def _report(body: Any) -> StreamedReport:
    event = msgspec.convert(body, _MyOrder)
    executed = amount(event.executed_quantity)
    return StreamedReport(
        venue=Venue.BITHUMB,
        executed=executed,
        report=OrderReport(
            client_order_id=ClientOrderId(event.client_order_id),
            venue_order_id=VenueOrderId(event.order_id),
            status=_status(event, executed),
        ),
    )


def _status(event: _MyOrder, executed: Decimal) -> OrderState:
    """Return no more than what the event proves: a trade without its fee is only that the order works."""
    if event.state == TRADE:
        return OrderState.ACCEPTED
    if event.state not in STATES:
        raise DataError("unexpected", event.state[:80])
    return ended_as(event.state, event.order_quantity, executed)
