"""Upbit's private stream: `myOrder` events as reports, DEFAULT or SIMPLE names, binary or text.

Pure. The handshake carries the token, of no parameters. A `trade` event is one fill; every other state
only says how much was executed in all. Events only, nothing is replayed. Source: docs/protocols/upbit.md.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError
from arb.domain.market.ids import ClientOrderId, Venue, VenueOrderId
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Fill, OrderReport, OrderState
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.api_key import ApiKey
from arb.venues.krw import replies
from arb.venues.krw.auth import Pass, bearer
from arb.venues.krw.stream import KEEP_ALIVE
from arb.venues.krw.user_stream import TRADE, read_frame, subscription
from arb.venues.reply import amount
from arb.venues.upbit.replies import execution_id

STATES: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        **replies.STATES,
        TRADE: OrderState.PARTIALLY_FILLED,
        "prevented": OrderState.ACCEPTED,  # a self-match was prevented; what that ends, `cancel` says
    }
)
SHORT_NAMES: Final = MappingProxyType(
    {
        "ty": "type",
        "cd": "code",
        "uid": "uuid",
        "s": "state",
        "tuid": "trade_uuid",
        "p": "price",
        "v": "volume",
        "ev": "executed_volume",
        "tf": "trade_fee",
        "id": "identifier",
        "ttms": "trade_timestamp",
    }
)


class _MyOrder(msgspec.Struct):
    code: str
    uuid: str
    state: str
    executed_volume: Decimal
    identifier: str | None = None
    trade_uuid: str | None = None
    price: Decimal | None = None  # of the fill, in a trade
    volume: Decimal | None = None
    trade_fee: Decimal | None = None
    trade_timestamp: int | None = None


class UpbitUserStream:
    """The private stream protocol of one account. `nonce` gives a UUID that was never used before."""

    venue = Venue.UPBIT
    keep_alive = KEEP_ALIVE

    def __init__(self, api_key: ApiKey, nonce: Callable[[], str]) -> None:
        self._api_key = api_key
        self._nonce = nonce

    def headers(self) -> Mapping[str, str]:
        """Return the token of one handshake."""
        return bearer(Pass(self._api_key, self._nonce()))

    def opened(self) -> tuple[str, ...]:
        """Return the subscription to the orders of every market."""
        return subscription(self._nonce())

    def read(self, frame: bytes) -> StreamedReport | Notice:
        """Return what a frame says. Raises: DataError, Rejected."""
        return read_frame(Venue.UPBIT, SHORT_NAMES, frame, _report)


def _report(body: Any) -> StreamedReport:
    event = msgspec.convert(body, _MyOrder)
    if event.state not in STATES:
        raise DataError("unexpected", event.state[:80])
    return StreamedReport(
        venue=Venue.UPBIT,
        executed=amount(event.executed_volume),
        report=OrderReport(
            client_order_id=ClientOrderId(event.identifier or ""),
            venue_order_id=VenueOrderId(event.uuid),
            status=STATES[event.state],
            fills=(_fill(event),) if event.state == TRADE else (),
        ),
    )


def _fill(event: _MyOrder) -> Fill:
    if (
        not event.trade_uuid
        or event.price is None
        or event.volume is None
        or event.trade_fee is None
        or event.trade_timestamp is None
        or min(event.price, event.volume) <= ZERO
    ):
        raise DataError("malformed", f"trade {event.trade_uuid} without its id, price, volume, fee or time")
    return Fill(
        fill_id=execution_id(event.trade_uuid),
        price=amount(event.price),
        quantity=amount(event.volume),
        fee=amount(event.trade_fee),
        fee_asset=event.code.partition("-")[0],
        ts_event_ns=event.trade_timestamp * NS_PER_MS,
    )
