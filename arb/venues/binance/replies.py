"""What Binance answers, as values: orders, fills, balances, time. Source: docs/protocols/binance.md.

Parsers take the decoded JSON; run them with `reply.read`, which names what is malformed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from arb.domain.market.ids import ClientOrderId, FillId, VenueOrderId
from arb.domain.market.money import ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Fill, OrderReport, OrderState
from arb.venues.reply import amount, proven_status

STATUSES: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        "NEW": OrderState.ACCEPTED,
        "PENDING_NEW": OrderState.ACCEPTED,
        "PENDING_CANCEL": OrderState.ACCEPTED,
        "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
        "FILLED": OrderState.FILLED,
        "CANCELED": OrderState.CANCELED,
        "REJECTED": OrderState.REJECTED,
        "EXPIRED": OrderState.EXPIRED,  # also an IOC's remainder: it can carry fills
        "EXPIRED_IN_MATCH": OrderState.EXPIRED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinanceOrder:
    """An order as queries and lists show it: how much was executed, but not by which fills."""

    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    status: OrderState
    executed: Decimal  # base
    reason: str

    def report(self, fills: tuple[Fill, ...]) -> OrderReport:
        """Return the report of this order with its fills."""
        return OrderReport(
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id,
            status=proven_status(self.status, self.executed, fills),
            fills=fills,
            reason=self.reason,
            executed=self.executed,
        )


def placed(body: Any) -> OrderReport:
    """Return the report in a FULL reply to an order."""
    stamp_ns = int(body["transactTime"]) * NS_PER_MS
    fills = tuple(_fill(row, row["tradeId"], stamp_ns) for row in body["fills"])
    return order_row(body).report(fills)


def order_row(body: Any) -> BinanceOrder:
    """Return one order."""
    return BinanceOrder(
        client_order_id=ClientOrderId(str(body["clientOrderId"])),
        venue_order_id=VenueOrderId(str(body["orderId"])),
        status=STATUSES[body["status"]],
        executed=amount(body["executedQty"]),
        reason=str(body.get("expiryReason", "")),
    )


def order_rows(body: Any) -> tuple[BinanceOrder, ...]:
    """Return a list of orders."""
    return tuple(order_row(row) for row in body)


def fills(body: Any) -> tuple[Fill, ...]:
    """Return the fills of a myTrades reply."""
    return tuple(_fill(row, row["id"], int(row["time"]) * NS_PER_MS) for row in body)


def balances(body: Any) -> dict[str, Decimal]:
    """Return free plus locked by asset, zeros left out."""
    totals = {row["asset"]: amount(row["free"]) + amount(row["locked"]) for row in body["balances"]}
    return {asset: total for asset, total in totals.items() if total != ZERO}


def account(body: Any) -> str:
    """Return whose the key is: the same for every key of an account."""
    return str(int(body["uid"]))


def server_time_ms(body: Any) -> int:
    """Return the venue's clock."""
    return int(body["serverTime"])


def _fill(row: Any, fill_id: int, stamp_ns: int) -> Fill:
    return Fill(
        fill_id=FillId(str(int(fill_id))),
        price=amount(row["price"]),
        quantity=amount(row["qty"]),
        fee=amount(row["commission"]),
        fee_asset=str(row["commissionAsset"]),
        ts_event_ns=stamp_ns,
    )
