"""Fees on Upbit: a list of trades that lags is booked once it is whole, and less than a unit is no drift.

An order says what all of its trades paid together, so while some of them were not listed yet, those that were
got the default rate, for good. And money that no venue can move, below its smallest unit, stopped a start.
"""

import random
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from arb.domain.health.alert import Severity
from arb.domain.market.ids import ClientOrderId, Symbol, TradeId, Venue, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, Purpose, State, fold
from arb.venues.upbit.replies import order_report
from tests.engine.town import Town
from tests.known_losses.helpers import alerts, require, run_all, trades

DEFAULT_FEE = Decimal("0.0005")
ACCOUNT_FEE = Decimal("0.00139")
UNIT_KRW = Decimal("0.00000001")  # the least that Upbit keeps
TRADE: TradeId = trade_id(1, 1)
ORDER: ClientOrderId = client_order_id(TRADE, Venue.UPBIT, 1)
Executed = tuple[str, str]  # price, volume


def reply(executed: Sequence[Executed], paid_fee: Decimal, *, volume: str = "") -> dict[str, Any]:
    """Return what Upbit says of an order with these trades listed."""
    rows = [
        {
            "market": "KRW-BTC",
            "uuid": f"trade-{number}",
            "price": price,
            "volume": each,
            "funds": format(Decimal(price) * Decimal(each), "f"),
            "created_at": "2026-11-20T16:44:00.597751+09:00",
        }
        for number, (price, each) in enumerate(executed)
    ]
    total = sum((Decimal(each) for _, each in executed), Decimal(0))
    return {
        "uuid": "order-1",
        "identifier": ORDER,
        "state": "done",
        "executed_volume": volume or format(total, "f"),
        "paid_fee": format(paid_fee, "f"),
        "trades": rows,
    }


def sale(quantity: str) -> Order:
    return Order(
        client_order_id=ORDER,
        trade_id=TRADE,
        venue=Venue.UPBIT,
        symbol=Symbol("BTC/KRW"),
        side=Side.SELL,
        purpose=Purpose.ENTRY,
        quantity=Decimal(quantity),
        limit_price=Decimal(1),
        expires_at_ns=1,
        created_at_ns=1,
        state=State.SUBMITTED,
    )


def some_trades(dice: random.Random) -> list[Executed]:
    return [
        (str(dice.randrange(1_000, 150_000_000)), format(Decimal(dice.randrange(1, 10**8)) / 10**8, "f"))
        for _ in range(dice.choice([1, 2, 3, 5]))
    ]


def funds_of(executed: Sequence[Executed]) -> Decimal:
    return sum((Decimal(price) * Decimal(volume) for price, volume in executed), Decimal(0))


def booked_fee(executed: Sequence[Executed], paid_fee: Decimal) -> Decimal:
    report = order_report(reply(executed, paid_fee), DEFAULT_FEE)
    return sum((fill.fee for fill in report.fills), Decimal(0))


def test_a_fee_is_what_was_paid_although_the_list_of_trades_lags():
    executed = [("100000000", "0.004"), ("100000000", "0.006")]
    paid = funds_of(executed) * ACCOUNT_FEE
    order = sale("0.01")
    for listed in (executed[:1], executed):
        order = fold(order, order_report(reply(listed, paid, volume="0.010"), DEFAULT_FEE)).order
    booked = sum(fill.fee for fill in order.fills)
    assert booked == paid


def test_a_fee_is_exactly_what_was_paid_at_the_exact_rate():
    dice = random.Random(2)
    for _ in range(300):
        executed = some_trades(dice)
        paid = funds_of(executed) * DEFAULT_FEE
        assert booked_fee(executed, paid) == paid


def test_a_fee_that_the_venue_rounded_is_booked_to_less_than_a_unit():
    dice = random.Random(1)
    for _ in range(300):
        executed = some_trades(dice)
        paid = (funds_of(executed) * DEFAULT_FEE).quantize(UNIT_KRW, rounding=ROUND_FLOOR)
        assert abs(booked_fee(executed, paid) - paid) < UNIT_KRW


def town_that_holds_less(krw: str) -> Town:
    """Return a town with one open pair, whose Upbit holds that much less than was traded."""
    town = Town()
    town.premium(60)
    town.evaluate_now()
    run_all(town)
    require(trades(town), "a pair was opened")
    town.venues[Venue.UPBIT].held["KRW"] -= Decimal(krw)
    town.pass_time(5_000)
    return town


def alarms(town: Town) -> list[str]:
    return [alert.message for alert in alerts(town) if alert.severity is Severity.CRITICAL]


def test_a_difference_of_less_than_a_unit_is_no_drift():
    town = town_that_holds_less("0.000000001")
    explained = town.reconcile.run().explained
    assert explained
    assert not alarms(town)


def test_a_difference_of_one_krw_is_a_drift():
    town = town_that_holds_less("1")
    explained = town.reconcile.run().explained
    assert not explained
    assert alarms(town)
