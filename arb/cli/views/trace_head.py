"""The four lines above the life of a trade: in at, out at, what it earned, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final

from arb.adapters.postgres.trace import Traced
from arb.cli.moments import shown
from arb.cli.views.text import UNKNOWN, signed
from arb.domain.market.money import ZERO
from arb.domain.trading.order import Purpose
from arb.domain.trading.trade import ENDED, TradeKind

Row = Mapping[str, Any]
NOT_OUT: Final = {TradeKind.PAIR: "it is not closed", TradeKind.EXCHANGE: "it was done with both legs"}


def head_lines(traced: Traced, zone: tzinfo | None) -> tuple[str, str, str, str]:
    """Return them; what is not known yet is said."""
    trade = traced.trade
    purposes = {order["client_order_id"]: order for order in traced.orders}
    entry = [fill for fill in traced.fills if _purpose(fill, purposes) == Purpose.ENTRY]
    after = [fill for fill in traced.fills if _purpose(fill, purposes) != Purpose.ENTRY]
    why = f": {trade['reason']}" if trade["reason"] else ""
    opened = f"opened for an edge of {signed(trade['entry_edge_bps'])} bps"
    return (
        f"in at    {_legs(entry, purposes, zone)}, {signed(trade['entry_premium_bps'])} bps of premium",
        f"out at   {_legs(after, purposes, zone) if after else NOT_OUT[trade['kind']]}",
        f"earned   {_earned(trade, traced.fills)}",
        f"why      {opened}; {trade['state'].replace('_', ' ')}{why}",
    )


def _purpose(fill: Row, orders: Mapping[str, Row]) -> str:
    order = orders.get(fill["client_order_id"])
    return "" if order is None else str(order["purpose"])


def _legs(fills: Sequence[Row], orders: Mapping[str, Row], zone: tzinfo | None) -> str:
    """Return what was bought and sold at which mean price, and when the first of it was."""
    if not fills:
        return "nothing was filled"
    parts: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for fill in fills:
        order = orders[fill["client_order_id"]]
        key = (order["side"], order["venue"], order["symbol"])
        quantity, notional = parts.get(key, (ZERO, ZERO))
        parts[key] = quantity + fill["quantity"], notional + fill["quantity"] * fill["price"]
    legs = (
        f"{side} {quantity.normalize():f} {symbol.partition('/')[0]} on {venue} "
        f"at {notional / quantity:.8g} {symbol.partition('/')[2]}"
        for (side, venue, symbol), (quantity, notional) in sorted(parts.items())
    )
    return f"{shown(min(fill['ts_event_ns'] for fill in fills), zone)}: {', '.join(legs)}"


def _earned(trade: Row, fills: Iterable[Row]) -> str:
    if trade["state"] not in {state.value for state in ENDED}:
        return "not known before it has ended"
    net = trade["pnl_krw"]
    fees = _fees_krw(trade, fills)
    if fees is None:
        return f"gross {UNKNOWN}, fees {UNKNOWN}, net {signed(net, 0)} KRW"
    return f"gross {signed(net + fees, 0)} KRW, fees {fees:,.0f} KRW, net {signed(net, 0)} KRW"


def _fees_krw(trade: Row, fills: Iterable[Row]) -> Decimal | None:
    """Return the fees by the values that the profit was reckoned with; None where one has none."""
    worth = {"KRW": Decimal(1), "USDT": trade["valued_krw_per_usdt"], trade["coin"]: trade["valued_base_krw"]}
    total = ZERO
    for fill in fills:
        asset, quote = fill["fee_asset"], str(fill["symbol"]).partition("/")[2]
        amount, rate = fill["fee"], worth.get(asset)
        if rate is None and fill["fee_in_quote"] is not None:
            amount, rate = fill["fee_in_quote"], worth.get(quote)
        if not amount:
            continue
        if not rate:
            return None
        total += amount * rate
    return total
