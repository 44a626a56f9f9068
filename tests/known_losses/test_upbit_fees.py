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


def town_with_a_closed_pair(assumed_fee_bps: Decimal | None) -> Town:
    town = Town()
    town.venues[Venue.UPBIT].assumed_fee_bps = assumed_fee_bps
    town.premium(60)
    town.evaluate_now()
    run_all(town)
    town.premium(-60)
    town.evaluate_now()
    run_all(town)
    require([trade for trade in trades(town) if trade.state is TradeState.CLOSED], "a pair was closed")
    return town


def sweep(town: Town) -> None:
    town.sweep.run()
    town.collect()
    run_all(town)


def earned(town: Town) -> Decimal:
    return sum((trade.pnl_krw for trade in trades(town)), Decimal(0))


def test_a_fee_that_was_assumed_is_corrected_once_when_it_is_named_and_the_books_are_the_venues():
    town, right = town_with_a_closed_pair(Decimal(9)), town_with_a_closed_pair(None)
    booked = earned(town)
    assert booked < earned(right)
    for _ in range(3):  # not named yet: nothing is corrected
        sweep(town)
    assert earned(town) == booked
    town.venues[Venue.UPBIT].assumed_fee_bps = None
    for _ in range(3):
        sweep(town)
    assert earned(town) == earned(right)
    entries = [row.entry for row in town.tables.ledger if row.entry.kind is EntryKind.FEE]
    assert len(entries) == 2
    town.pass_time(5_000)
    assert town.reconcile.run().explained


def test_a_venue_that_does_not_answer_about_a_fee_is_asked_again():
    town, right = town_with_a_closed_pair(Decimal(9)), town_with_a_closed_pair(None)
    venue = town.venues[Venue.UPBIT]
    venue.assumed_fee_bps, venue.mute = None, True
    sweep(town)
    venue.mute = False
    sweep(town)
    assert earned(town) == earned(right)
