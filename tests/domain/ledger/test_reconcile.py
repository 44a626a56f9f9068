"""What orders whose fate is open can have moved, and what they cannot."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.ledger.reconcile import BalanceComparison, drifts, within_reach
from arb.domain.market.ids import ClientOrderId, Symbol, TradeId, Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, OrderState, Purpose

UNKNOWN = Order(
    client_order_id=ClientOrderId("o-1"),
    trade_id=TradeId("t-1"),
    venue=Venue.BINANCE,
    symbol=Symbol("BTC/USDT"),
    side=Side.BUY,
    purpose=Purpose.ENTRY,
    quantity=Decimal(2),
    limit_price=Decimal(100),
    expires_at_ns=1,
    created_at_ns=0,
    state=OrderState.UNKNOWN,
)
BTC, USDT, BNB = ((Venue.BINANCE, asset) for asset in ("BTC", "USDT", "BNB"))


def look(key, difference: str, *orders: Order) -> BalanceComparison:
    return BalanceComparison(ledger={}, balances={key: Decimal(difference)}, movers=orders)


@pytest.mark.parametrize(
    ("key", "difference", "reached"),
    [
        (BTC, "2", True),
        (BTC, "2.00000001", False),
        (BTC, "-0.00000001", False),
        (USDT, "-200", True),
        (USDT, "-250", False),
        (USDT, "0.01", False),
        (BNB, "-0.1", True),
        ((Venue.UPBIT, "BTC"), "0.1", False),
    ],
)
def test_a_buy_can_have_brought_its_base_and_cost_its_quote(key, difference, reached):
    assert within_reach(look(key, difference, UNKNOWN), key) is reached


@pytest.mark.parametrize(
    ("key", "difference", "reached"),
    [(BTC, "-2", True), (BTC, "-2.1", False), (BTC, "0.1", False), (USDT, "500", True), (USDT, "-1", False)],
)
def test_a_sale_can_have_cost_its_base_and_brought_any_amount_of_its_quote(key, difference, reached):
    assert within_reach(look(key, difference, replace(UNKNOWN, side=Side.SELL)), key) is reached


def test_orders_that_have_ended_explain_nothing():
    assert not within_reach(look(BTC, "1", replace(UNKNOWN, state=OrderState.EXPIRED)), BTC)


def test_several_orders_reach_as_far_as_all_of_them():
    assert within_reach(look(BTC, "4", UNKNOWN, UNKNOWN), BTC)
    assert not within_reach(look(BTC, "4.1", UNKNOWN, UNKNOWN), BTC)


def test_drift_names_what_differs_exactly():
    ledger = {"BTC": Decimal("1.00"), "KRW": Decimal(5), "ETH": Decimal(0)}
    balances = {"BTC": Decimal("1"), "KRW": Decimal("5.00000001"), "BNB": Decimal(2)}
    found = {drift.asset: drift.difference for drift in drifts(Venue.UPBIT, ledger, balances)}
    assert found == {"KRW": Decimal("0.00000001"), "BNB": 2}


def test_less_than_a_unit_is_no_difference():
    least, less = Decimal("0.00000001"), Decimal("0.000000009999")
    ledger = {"KRW": Decimal(5), "BTC": Decimal(1), "USDT": Decimal(10**12)}
    held = {"KRW": 5 + less, "BTC": 1 - less, "USDT": 10**12 + least, "XRP": least, "ADA": -less}
    assert [drift.asset for drift in drifts(Venue.BINANCE, ledger, held)] == ["USDT", "XRP"]
