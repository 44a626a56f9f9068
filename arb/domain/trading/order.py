"""The life of one order, as a table, and the pure fold of what a venue reports into it.

Everything that changes an order's state is in this file. INTENT is a committed row that nobody sent
yet; UNKNOWN means that the bytes may have arrived and no answer came: only evidence from the venue
moves it on. Late fills after CANCELED and EXPIRED are legal: a fill may race our cancel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from arb.domain.errors import IllegalTransition
from arb.domain.market.ids import ClientOrderId, FillId, Symbol, TradeId, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO
from arb.domain.time import STAMP_AHEAD_NS_MAX


class OrderState(StrEnum):
    """Where an order is. *Denied* is our word, *rejected* the venue's."""

    INTENT = "intent"
    DENIED = "denied"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"


class OrderEvent(StrEnum):
    """What can happen to an order."""

    CLAIM = "claim"  # one worker got the right to send it
    RELEASE = "release"  # proven that nothing was placed: may be sent again
    DENY = "deny"
    LOSE = "lose"  # sent, and no answer came
    ACCEPT = "accept"
    PARTIAL = "partial"
    FILL = "fill"
    CANCEL = "cancel"
    REJECT = "reject"
    EXPIRE = "expire"
    ABSENT = "absent"  # proven by the venue's own rule that it was never placed


_SENT: Final = {
    OrderEvent.ACCEPT: OrderState.ACCEPTED,
    OrderEvent.PARTIAL: OrderState.PARTIALLY_FILLED,
    OrderEvent.FILL: OrderState.FILLED,
    OrderEvent.CANCEL: OrderState.CANCELED,
    OrderEvent.REJECT: OrderState.REJECTED,
    OrderEvent.EXPIRE: OrderState.EXPIRED,
}
_WORKING: Final = {
    OrderEvent.PARTIAL: OrderState.PARTIALLY_FILLED,
    OrderEvent.FILL: OrderState.FILLED,
    OrderEvent.CANCEL: OrderState.CANCELED,
    OrderEvent.EXPIRE: OrderState.EXPIRED,
}

TRANSITIONS: Final[Mapping[OrderState, Mapping[OrderEvent, OrderState]]] = MappingProxyType(
    {
        OrderState.INTENT: {
            OrderEvent.CLAIM: OrderState.SUBMITTED,
            OrderEvent.DENY: OrderState.DENIED,
            OrderEvent.EXPIRE: OrderState.EXPIRED,
        },
        OrderState.SUBMITTED: {
            **_SENT,
            OrderEvent.LOSE: OrderState.UNKNOWN,
            OrderEvent.RELEASE: OrderState.INTENT,
        },
        OrderState.UNKNOWN: {**_SENT, OrderEvent.ABSENT: OrderState.EXPIRED},
        OrderState.ACCEPTED: {**_WORKING, OrderEvent.REJECT: OrderState.REJECTED},
        OrderState.PARTIALLY_FILLED: _WORKING,
        OrderState.CANCELED: {OrderEvent.PARTIAL: OrderState.CANCELED, OrderEvent.FILL: OrderState.FILLED},
        OrderState.EXPIRED: {OrderEvent.PARTIAL: OrderState.EXPIRED, OrderEvent.FILL: OrderState.FILLED},
        OrderState.FILLED: {},
        OrderState.REJECTED: {},
        OrderState.DENIED: {},
    }
)

TERMINAL: Final = frozenset(
    {OrderState.DENIED, OrderState.FILLED, OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED}
)
AT_VENUE: Final = frozenset(
    {OrderState.SUBMITTED, OrderState.UNKNOWN, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED}
)

FEES_OF_ORDERS: Final = 40  # newest orders that tell which assets fees come in: of ten trades, entry and exit

_EVENT_OF_STATUS: Final = MappingProxyType(
    {
        OrderState.ACCEPTED: OrderEvent.ACCEPT,
        OrderState.PARTIALLY_FILLED: OrderEvent.PARTIAL,
        OrderState.FILLED: OrderEvent.FILL,
        OrderState.CANCELED: OrderEvent.CANCEL,
        OrderState.REJECTED: OrderEvent.REJECT,
        OrderState.EXPIRED: OrderEvent.EXPIRE,
    }
)


def transition(subject: str, state: OrderState, event: OrderEvent) -> OrderState:
    """Return the next state. Raises: IllegalTransition, and nothing has changed."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(subject, state, event) from None


class Purpose(StrEnum):
    """Why a trade sends an order."""

    ENTRY = "entry"
    EXIT = "exit"
    REPAIR = "repair"  # hedges or reverses what one leg has more than the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution at a venue, known by the venue's own id."""

    fill_id: FillId
    price: Decimal  # quote per base
    quantity: Decimal  # base, before a fee taken in base
    fee: Decimal
    fee_asset: str
    ts_event_ns: int  # the venue's stamp
    fee_in_quote: Decimal | None = None  # what a fee in a third asset was worth; None while nobody knows
    fee_is_assumed: bool = False  # the venue has not said yet what it took


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One LIMIT IOC order: the intent first, then what became of it."""

    client_order_id: ClientOrderId
    trade_id: TradeId
    venue: Venue
    symbol: Symbol
    side: Side
    purpose: Purpose
    quantity: Decimal  # base
    limit_price: Decimal  # quote per base
    expires_at_ns: int  # an intent is not sent after this
    created_at_ns: int
    state: OrderState = OrderState.INTENT
    fence: int = 0  # grows with every claim
    attempts: int = 0  # claims so far
    claimed_at_ns: int = 0  # signed into the request where the venue checks it
    venue_order_id: VenueOrderId | None = None
    fills: tuple[Fill, ...] = ()
    reason: str = ""
    tick_at_ns: int = 0  # when the newest book of its decision was received; 0: none, or not known

    @property
    def third_fees(self) -> tuple[Fill, ...]:
        """Return the fills whose fee was taken in neither what is traded nor what it is paid with."""
        own = self.symbol.split("/")
        return tuple(fill for fill in self.fills if fill.fee != ZERO and fill.fee_asset not in own)

    @property
    def unvalued_fees(self) -> tuple[Fill, ...]:
        """Return those of them of which nobody knows yet what they were worth."""
        return tuple(fill for fill in self.third_fees if fill.fee_in_quote is None)

    @property
    def filled_quantity(self) -> Decimal:
        """Return the base executed so far, before fees."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    def is_alive(self, now_ns: int) -> bool:
        """Tell whether it may still be sent; one created ahead of now is from before a step back."""
        return self.created_at_ns - STAMP_AHEAD_NS_MAX <= now_ns < self.expires_at_ns

    @property
    def is_terminal(self) -> bool:
        """Tell whether nothing more is expected (a late fill is still booked)."""
        return self.state in TERMINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """What a venue says of an order, whichever way it said it: reply, query or stream."""

    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId | None
    status: OrderState
    fills: tuple[Fill, ...] = ()
    reason: str = ""
    executed: Decimal | None = (
        None  # base in all, by the venue's own state of the order; None where it says not
    )


@dataclass(frozen=True, slots=True)
class Folded:
    """An order after a report: what it is now, the events it took, the fills that were new."""

    order: Order
    events: tuple[OrderEvent, ...]
    new_fills: tuple[Fill, ...]


def apply(order: Order, event: OrderEvent, reason: str = "") -> Order:
    """Return the order after one event. Raises: IllegalTransition."""
    state = transition(order.client_order_id, order.state, event)
    return replace(order, state=state, reason=reason or order.reason)


def claimed(order: Order, now_ns: int) -> Order:
    """Return an intent as it is once somebody has the right to send it. Raises: IllegalTransition."""
    return replace(
        apply(order, OrderEvent.CLAIM),
        fence=order.fence + 1,
        attempts=order.attempts + 1,
        claimed_at_ns=now_ns,
    )


def fold(order: Order, report: OrderReport) -> Folded:
    """Fold a report into an order: each fill once, stale news harmless, the order of arrival free.

    A report that says less than we know (an ACCEPTED that overtook its FILLED) only adds its fills. No more
    is booked than the venue's own state of the order proves: one execution may come under two names.
    """
    known = {fill.fill_id for fill in order.fills}
    unknown = _distinct(fill for fill in report.fills if fill.fill_id not in known)
    new_fills = _within(unknown, _proven(order, report) - order.filled_quantity, cut=_is_over(order, report))
    grown = replace(
        order,
        fills=tuple(sorted(order.fills + new_fills, key=lambda fill: (fill.ts_event_ns, fill.fill_id))),
        venue_order_id=order.venue_order_id or report.venue_order_id,
    )
    event = _event(grown, report, bool(new_fills))
    if event is None:
        return Folded(grown, (), new_fills)
    return Folded(apply(grown, event, report.reason), (event,), new_fills)


def _withheld(order: Order, report: OrderReport) -> Decimal:
    """Return the base of a report's fills that is not booked in the order that it was folded into."""
    booked = {fill.fill_id: fill.quantity for fill in order.fills}
    return sum((fill.quantity - booked.get(fill.fill_id, ZERO) for fill in _distinct(report.fills)), ZERO)


def says_accepted_only(report: OrderReport) -> bool:
    """Tell whether a venue says that it has an order, and nothing of what became of it."""
    return report.status is OrderState.ACCEPTED and not report.fills and not report.executed


def overfill(order: Order, report: OrderReport) -> Decimal:
    """Return the base that a report says was executed beyond what can be, given the order it was folded into.

    More than was ordered; or, once the order is over, more than the venue's own state of it proves. What is
    not proven yet while the order works is none: a list of fills may be newer than the order beside it.
    """
    unbooked, claimed = _withheld(order, report), order.filled_quantity
    if unbooked > ZERO:
        claimed += unbooked
    if order.is_terminal and unbooked > ZERO:
        return unbooked
    return max(ZERO, max(claimed, report.executed or ZERO) - order.quantity)


def overfill_told(order: Order, report: OrderReport) -> Decimal:
    """Return the same before the report is folded in, as far as the order as it was known can show it."""
    told = {fill.fill_id: fill.quantity for fill in (*order.fills, *report.fills)}
    claimed = max(sum(told.values(), ZERO), report.executed or ZERO)
    is_at_end = report.status in TERMINAL or order.is_terminal
    room = min(order.quantity, _proven(order, report)) if is_at_end else order.quantity
    return max(ZERO, claimed - room)


def _proven(order: Order, report: OrderReport) -> Decimal:
    """Return how much of an order may be booked as executed."""
    proof = order.quantity if report.executed is None else report.executed
    return max(proof, order.filled_quantity)


def _is_over(order: Order, report: OrderReport) -> bool:
    """Tell whether nothing more is to come that could prove more."""
    return report.executed is None or report.status in TERMINAL or order.state in TERMINAL


def _within(fills: Sequence[Fill], room: Decimal, *, cut: bool) -> tuple[Fill, ...]:
    """Return the fills that fit; of one that does not, and will not later, as much as there is room for."""
    found: list[Fill] = []
    for fill in fills:
        if fill.quantity <= room:
            found.append(fill)
            room -= fill.quantity
        elif cut and room > ZERO:
            found.append(replace(fill, quantity=room, fee=fill.fee * room / fill.quantity))
            room = ZERO
    return tuple(found)


def _distinct(fills: Iterable[Fill]) -> tuple[Fill, ...]:
    return tuple({fill.fill_id: fill for fill in fills}.values())


def _event(order: Order, report: OrderReport, has_new_fills: bool) -> OrderEvent | None:
    """Return the one event that this report means for this order, or None if it is no news."""
    if order.filled_quantity >= order.quantity:
        return OrderEvent.FILL if order.state is not OrderState.FILLED else None
    event = _EVENT_OF_STATUS[report.status]
    if order.state in TERMINAL:
        return OrderEvent.PARTIAL if has_new_fills else None
    if event is OrderEvent.ACCEPT and has_new_fills:
        return OrderEvent.PARTIAL
    if event is OrderEvent.ACCEPT and order.state in (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED):
        return None
    if event is OrderEvent.FILL:  # the status ran ahead of the fills: wait for them
        return OrderEvent.PARTIAL if has_new_fills else _accepted(order)
    if event is OrderEvent.PARTIAL and not has_new_fills:
        return _accepted(order)
    return event


def _accepted(order: Order) -> OrderEvent | None:
    return OrderEvent.ACCEPT if order.state in (OrderState.SUBMITTED, OrderState.UNKNOWN) else None
