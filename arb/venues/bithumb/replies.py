"""What Bithumb answers, as values: orders, fills, balances. Source: docs/protocols/bithumb.md.

Parsers take the decoded JSON; run them with `reply.read`, which names what is malformed. `done` does not mean
that all of an order was executed: an IOC that was filled in part ends so, too. What counts are its trades.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import ClientOrderId, FillId, VenueOrderId
from arb.domain.market.money import ZERO
from arb.domain.trading.order import Fill, OrderReport, State
from arb.venues.paid_fee import fees_so_far, final_fees
from arb.venues.reply import amount, proven_status, stamp_ns

DONE: Final = "done"
STATES: Final[Mapping[str, State]] = MappingProxyType(
    {
        "wait": State.ACCEPTED,
        "watch": State.ACCEPTED,
        DONE: State.FILLED,
        "cancel": State.CANCELED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as replies and lists show it, without its trades."""

    client_order_id: ClientOrderId  # "" for an order that somebody placed without one
    venue_order_id: VenueOrderId
    status: State
    executed: Decimal  # base

    def report(self, fills: tuple[Fill, ...] = ()) -> OrderReport:
        """Return the report of this order with its fills."""
        status = proven_status(self.status, self.executed, fills)
        working = status is State.ACCEPTED and bool(fills)
        return OrderReport(
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id,
            status=State.PARTIALLY_FILLED if working else status,
            fills=fills,
            executed=self.executed,
        )


def placed(body: Any) -> OrderReport:
    """Return the report in a reply to an order: accepted, whatever the book already did with it."""
    return OrderReport(
        client_order_id=_client_order_id(body),
        venue_order_id=VenueOrderId(str(body["order_id"])),
        status=State.ACCEPTED,
    )


def ended_as(state: str, ordered: Decimal | None, executed: Decimal) -> State:
    """Return how an order stands: one that is done with less than what was ordered has lost its rest."""
    if state == DONE and ordered is not None and executed < ordered:
        return State.CANCELED
    return STATES[state]


def order_row(body: Any) -> OrderRow:
    """Return one order, of a lookup (`uuid`) or of a list (`order_id`)."""
    executed = amount(body["executed_volume"])
    ordered = None if body.get("volume") is None else amount(body["volume"])
    return OrderRow(
        client_order_id=_client_order_id(body),
        venue_order_id=VenueOrderId(str(body["order_id"] if "order_id" in body else body["uuid"])),
        status=ended_as(body["state"], ordered, executed),
        executed=executed,
    )


def order_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return an order with its trades once all of them are listed; `taker_fee` is for one that names no fee.

    Trades carry no fee, but the order says what all of them paid. Of a list that lags nobody knows what its
    trades paid: none of them is told yet, and the order counts as working.
    """
    return _report(body, fees_so_far(body, taker_fee))


def settled_report(body: Any, taker_fee: Decimal) -> OrderReport:
    """Return the same of an order so old that what it says of its fee is the last word."""
    return _report(body, final_fees(body, taker_fee))


def balances(body: Any) -> dict[str, Decimal]:
    """Return balance plus locked by asset, zeros left out: `balance` is only what is free."""
    totals = {row["currency"]: amount(row["balance"]) + amount(row["locked"]) for row in body}
    return {asset: total for asset, total in totals.items() if total != ZERO}


def _client_order_id(body: Any) -> ClientOrderId:
    return ClientOrderId(str(body.get("client_order_id") or ""))


def _report(body: Any, fees: Sequence[tuple[Decimal, bool]]) -> OrderReport:
    row, trades = order_row(body), body["trades"]
    if sum((amount(trade["volume"]) for trade in trades), ZERO) != row.executed:
        return row.report()
    return row.report(tuple(_fill(trade, *fee) for trade, fee in zip(trades, fees, strict=True)))


def _fill(trade: Any, fee: Decimal, fee_is_assumed: bool) -> Fill:
    return Fill(
        fill_id=FillId(str(trade["uuid"]).strip()),
        price=amount(trade["price"]),
        quantity=amount(trade["volume"]),
        fee=fee,
        fee_asset=str(trade["market"]).partition("-")[0],
        ts_event_ns=stamp_ns(trade["created_at"]),
        fee_is_assumed=fee_is_assumed,
    )
