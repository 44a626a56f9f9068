"""Fees on Upbit: a list of trades that lags is booked once it is whole, and less than a unit is no drift.

An order says what all of its trades paid together, so while some of them were not listed yet, those that were
got the default rate, for good. And money that no venue can move, below its smallest unit, stopped a start.
"""

import random
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest

from arb.domain.health.alert import Severity
from arb.domain.ledger.ledger import EntryKind
from arb.domain.market.ids import ClientOrderId, Symbol, TradeId, Venue, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, OrderState, Purpose, fold
from arb.domain.trading.trade import TradeState
from arb.venues.upbit.replies import order_report, settled_report
from tests.engine.testbed import EngineTestbed
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
        state=OrderState.SUBMITTED,
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


def a_testbed_that_holds_less(krw: str) -> EngineTestbed:
    """Return a testbed with one open pair, whose Upbit holds that much less than was traded."""
    testbed = EngineTestbed()
    testbed.premium(60)
    testbed.evaluate_now()
    run_all(testbed)
    require(trades(testbed), "a pair was opened")
    testbed.venues[Venue.UPBIT].held["KRW"] -= Decimal(krw)
    testbed.pass_time(5_000)
    return testbed


def alarms(testbed: EngineTestbed) -> list[str]:
    return [alert.message for alert in alerts(testbed) if alert.severity is Severity.CRITICAL]


def test_a_difference_of_less_than_a_unit_is_no_drift():
    testbed = a_testbed_that_holds_less("0.000000001")
    explained = testbed.reconcile.run().explained
    assert explained
    assert not alarms(testbed)


def test_a_difference_of_one_krw_is_a_drift():
    testbed = a_testbed_that_holds_less("1")
    explained = testbed.reconcile.run().explained
    assert not explained
    assert alarms(testbed)


@pytest.mark.parametrize("named", [None, "0", "0.5"])
def test_a_fee_that_is_not_named_yet_or_only_in_part_is_assumed(named):
    executed = [("100000000", "0.004"), ("100000000", "0.006")]
    body = reply(executed, Decimal(0)) | {"paid_fee": named}
    fills = order_report(body, DEFAULT_FEE).fills
    assert [fill.fee_is_assumed for fill in fills] == [True, True]
    booked = funds_of(executed) * DEFAULT_FEE if named is None else Decimal(named)
    assert sum(fill.fee for fill in fills) == booked
    settled = settled_report(body, DEFAULT_FEE).fills
    assert not any(fill.fee_is_assumed for fill in settled)
    assert sum(fill.fee for fill in settled) == booked


def a_testbed_with_a_closed_pair(assumed_fee_bps: Decimal | None) -> EngineTestbed:
    testbed = EngineTestbed()
    testbed.venues[Venue.UPBIT].assumed_fee_bps = assumed_fee_bps
    testbed.premium(60)
    testbed.evaluate_now()
    run_all(testbed)
    testbed.premium(-60)
    testbed.evaluate_now()
    run_all(testbed)
    require([trade for trade in trades(testbed) if trade.state is TradeState.CLOSED], "a pair was closed")
    return testbed


def sweep(testbed: EngineTestbed) -> None:
    testbed.sweep.run()
    testbed.collect()
    run_all(testbed)


def earned(testbed: EngineTestbed) -> Decimal:
    return sum((trade.pnl_krw for trade in trades(testbed)), Decimal(0))


def test_a_fee_that_was_assumed_is_corrected_once_when_it_is_named_and_the_books_are_the_venues():
    testbed, right = a_testbed_with_a_closed_pair(Decimal(9)), a_testbed_with_a_closed_pair(None)
    booked = earned(testbed)
    assert booked < earned(right)
    for _ in range(3):  # not named yet: nothing is corrected
        sweep(testbed)
    assert earned(testbed) == booked
    testbed.venues[Venue.UPBIT].assumed_fee_bps = None
    for _ in range(3):
        sweep(testbed)
    assert earned(testbed) == earned(right)
    entries = [row.entry for row in testbed.tables.ledger if row.entry.kind is EntryKind.FEE]
    assert len(entries) == 2
    testbed.pass_time(5_000)
    assert testbed.reconcile.run().explained


def test_a_venue_that_does_not_answer_about_a_fee_is_asked_again():
    testbed, right = a_testbed_with_a_closed_pair(Decimal(9)), a_testbed_with_a_closed_pair(None)
    venue = testbed.venues[Venue.UPBIT]
    venue.assumed_fee_bps, venue.mute = None, True
    sweep(testbed)
    venue.mute = False
    sweep(testbed)
    assert earned(testbed) == earned(right)
