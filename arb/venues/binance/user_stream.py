"""Binance's user data stream over the WebSocket API: `executionReport` events as reports.

Pure. One subscription a connection, signed as the API's requests are; nothing is replayed. Source:
docs/protocols/binance.md.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from arb.domain.errors import DataError, Rejected
from arb.domain.market.ids import ClientOrderId, FillId, Venue, VenueOrderId
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Fill, OrderReport
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.api_key import ApiKey
from arb.venues.binance.auth import sign_sorted
from arb.venues.binance.replies import STATUSES
from arb.venues.reply import amount

SUBSCRIBE: Final = "userDataStream.subscribe.signature"
LIST: Final = "session.subscriptions"
ALREADY_ACTIVE: Final = -2035
ENDINGS: Final = frozenset({"eventStreamTerminated", "serverShutdown"})


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Frame(msgspec.Struct):
    """An event in its wrapper, a bare event, or the reply to the request `id`."""

    id: Any = None
    status: int = 0
    result: Any = None
    error: _Error | None = None
    event: msgspec.Raw = msgspec.Raw(b"null")
    e: str = ""


class _Kind(msgspec.Struct):
    e: str


class _Execution(msgspec.Struct):
    """An executionReport, by the venue's own letters."""

    c: str  # client order id; on CANCELED the cancel's own
    x: str  # execution type
    X: str  # order status
    i: int  # order id
    z: Decimal  # executed in all
    T: int  # transaction time, ms
    C: str | None = None  # on CANCELED the client order id of the order
    t: int = -1  # trade id
    l: Decimal = ZERO  # noqa: E741 - executed by this trade
    L: Decimal = ZERO  # at this price
    n: Decimal = ZERO  # commission
    N: str | None = None  # and its asset
    r: str = "NONE"
    eR: str = ""


_FRAME: Final = msgspec.json.Decoder(_Frame)
_KIND: Final = msgspec.json.Decoder(_Kind | None)
_EXECUTION: Final = msgspec.json.Decoder(_Execution)


class BinanceUserStream:
    """The user stream protocol of one account. `now_ms` is the venue's clock as we know it."""

    venue = Venue.BINANCE
    keep_alive = msgspec.json.encode({"id": LIST, "method": LIST}).decode()

    def __init__(self, api_key: ApiKey, now_ms: Callable[[], int]) -> None:
        self._api_key = api_key
        self._now_ms = now_ms

    def headers(self) -> Mapping[str, str]:
        """Return nothing: the subscription is signed, the connection is not."""
        return {}

    def opened(self) -> tuple[str, ...]:
        """Return the signed subscription."""
        return (subscription(self._api_key, self._now_ms()),)

    def read(self, frame: bytes) -> StreamedReport | Notice:
        """Return what a frame says. Raises: DataError, Rejected."""
        try:
            outer = _FRAME.decode(frame)
            inner = _KIND.decode(outer.event)
            kind = inner.e if inner else outer.e
            if kind == "executionReport":
                return _report(_EXECUTION.decode(outer.event))
        except (msgspec.MsgspecError, RecursionError, ArithmeticError, ValueError) as error:
            raise DataError("malformed", str(error)) from error
        if kind:
            return Notice.SHUTDOWN if kind in ENDINGS else Notice.ALIVE
        return _replied(outer)


def subscription(api_key: ApiKey, timestamp_ms: int) -> str:
    """Return the request that subscribes to the account's events."""
    parameters = {"apiKey": api_key.key, "timestamp": str(timestamp_ms)}
    signature = sign_sorted(api_key.secret, parameters)
    signed = {"apiKey": api_key.key, "timestamp": timestamp_ms, "signature": signature}
    return msgspec.json.encode({"id": SUBSCRIBE, "method": SUBSCRIBE, "params": signed}).decode()


def _replied(frame: _Frame) -> Notice:
    """Return PROGRESS where the reply proves that a subscription stands. Raises: Rejected."""
    if frame.error is not None and frame.error.code != ALREADY_ACTIVE:
        raise Rejected(Venue.BINANCE, f"{frame.id}: {frame.error.msg}"[:200], str(frame.error.code))
    if frame.id == LIST and not frame.result:
        return Notice.REJECTED
    return Notice.PROGRESS if frame.id in (SUBSCRIBE, LIST) else Notice.ALIVE


def _report(event: _Execution) -> StreamedReport:
    """Return an event as a report; one of a trade carries that trade as its only fill."""
    if event.X not in STATUSES:
        raise DataError("unexpected", event.X[:80])
    canceled = event.C if event.x == "CANCELED" else None
    return StreamedReport(
        venue=Venue.BINANCE,
        executed=amount(event.z),
        report=OrderReport(
            client_order_id=ClientOrderId(canceled or event.c),
            venue_order_id=VenueOrderId(str(event.i)),
            status=STATUSES[event.X],
            fills=(_fill(event),) if event.x == "TRADE" else (),
            reason=event.eR or ("" if event.r == "NONE" else event.r),
        ),
    )


def _fill(event: _Execution) -> Fill:
    if event.t < 0 or event.l <= ZERO or event.L <= ZERO or (event.N is None and event.n != ZERO):
        raise DataError("malformed", f"trade {event.t} without its id, price, quantity or fee asset")
    return Fill(
        fill_id=FillId(str(event.t)),
        price=amount(event.L),
        quantity=amount(event.l),
        fee=amount(event.n),
        fee_asset=event.N or "",
        ts_event_ns=event.T * NS_PER_MS,
    )
