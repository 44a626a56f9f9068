"""What venues that quote in KRW answer in the same form, as values: orders with their trades, balances."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import ClientOrderId, FillId, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Fill, OrderReport, OrderState
from arb.venues.krw.names import symbol_of
from arb.venues.names import known_or_own_name
from arb.venues.reply import amount, proven_status, stamp_ns

DONE: Final = "done"
STATES: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        "wait": OrderState.ACCEPTED,
        "watch": OrderState.ACCEPTED,
        DONE: OrderState.FILLED,
        "cancel": OrderState.CANCELED,
    }
)
SIDES: Final = {"bid": Side.BUY, "ask": Side.SELL}


@dataclass(frozen=True, slots=True, kw_only=True)
class KrwOrder:
    """An order as replies and lists show it, without its trades."""

    client_order_id: ClientOrderId  # "" for an order that somebody placed without one
    venue_order_id: VenueOrderId
    status: OrderState
    executed: Decimal  # base

    def report(self, fills: tuple[Fill, ...] = ()) -> OrderReport:
        """Return the report of this order with its fills."""
        status = proven_status(self.status, self.executed, fills)
        working = status is OrderState.ACCEPTED and bool(fills)
        return OrderReport(
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id,
            status=OrderState.PARTIALLY_FILLED if working else status,
            fills=fills,
            executed=self.executed,
        )

    def with_trades(
        self, trades: Any, fees: Sequence[tuple[Decimal, bool]], fill_id: Callable[[str], FillId]
    ) -> OrderReport:
        """Return the report with what is listed of trades, once all of them are.

        Trades carry no fee, but the order says what all of them paid. Of a list that lags nobody knows what
        its trades paid: none of them is told yet, and the order counts as working.
        """
        if sum((amount(trade["volume"]) for trade in trades), ZERO) != self.executed:
            return self.report()
        told = zip(trades, fees, strict=True)
        return self.report(tuple(_fill(trade, fill_id(str(trade["uuid"])), *fee) for trade, fee in told))

    def listed(self, venue: Venue, body: Any) -> ListedOrder:
        """Return the order as one of a list."""
        return ListedOrder(
            venue=venue,
            symbol=known_or_own_name(symbol_of, str(body["market"])),
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id,
            side=SIDES[body["side"]],
            status=self.status,
            executed=self.executed,
        )


def balances(body: Any) -> dict[str, Decimal]:
    """Return balance plus locked by asset, zeros left out: `balance` is only what is free."""
    totals = {row["currency"]: amount(row["balance"]) + amount(row["locked"]) for row in body}
    return {asset: total for asset, total in totals.items() if total != ZERO}


def _fill(trade: Any, fill_id: FillId, fee: Decimal, fee_is_assumed: bool) -> Fill:
    return Fill(
        fill_id=fill_id,
        price=amount(trade["price"]),
        quantity=amount(trade["volume"]),
        fee=fee,
        fee_asset=str(trade["market"]).partition("-")[0],
        ts_event_ns=stamp_ns(trade["created_at"]),
        fee_is_assumed=fee_is_assumed,
    )
