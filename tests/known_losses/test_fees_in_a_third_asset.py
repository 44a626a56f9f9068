"""Fees that are paid in BNB are in the profit.

The ledger had them, and neither the booked profit of a trade nor what take-profit, stop-loss and the day's
loss go by: all of them saw money that was not there.
"""

from decimal import Decimal

from arb.domain.market.ids import Venue
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import KRW_PER_USDT, closed_trades, go_on, pay, quote, upbit_books, worth_krw

BNB_USDT = Decimal(600)
FEE_BNB = Decimal("0.00125")  # 7.5 bps of 1,000 USDT, for each fill
TOLERANCE_KRW = 2  # of a trade: which of the rate's prices values its fees is not said here


def show(testbed: EngineTestbed, premium_bps: int) -> None:
    """Show a premium, and what BNB costs."""
    bnb = testbed.book(Venue.BINANCE, "BNB/USDT", "599.99", "600.01", "1000")
    testbed.show(bnb)
    testbed.quotes.put([bnb], [])
    quote(testbed, upbit=upbit_books(premium_bps))


def test_booked_profit_is_real_profit_when_fees_are_paid_in_a_third_asset():
    testbed = EngineTestbed()
    pay(testbed, Venue.BINANCE, "BNB", Decimal(10))
    testbed.venues[Venue.BINANCE].fee_paid_in = ("BNB", FEE_BNB)
    prices_krw = {"BNB": BNB_USDT * KRW_PER_USDT}
    before = worth_krw(testbed, others_krw=prices_krw)
    for _ in range(10):
        go_on(testbed, for_ms=300, step_ms=300, quoting=lambda: show(testbed, 60))
        go_on(testbed, for_ms=3_000, step_ms=300, quoting=lambda: show(testbed, 3))
    closed = closed_trades(testbed)
    booked_krw = sum(trade.pnl_krw for trade in closed)
    earned_krw = worth_krw(testbed, others_krw=prices_krw) - before
    assert abs(booked_krw - earned_krw) <= TOLERANCE_KRW * len(closed)


def test_booked_profit_is_real_profit_when_fees_are_paid_in_what_is_traded():
    testbed = EngineTestbed()
    before = worth_krw(testbed)
    for _ in range(10):
        go_on(testbed, for_ms=300, step_ms=300, quoting=lambda: show(testbed, 60))
        go_on(testbed, for_ms=3_000, step_ms=300, quoting=lambda: show(testbed, 3))
    closed = closed_trades(testbed)
    booked_krw = sum(trade.pnl_krw for trade in closed)
    assert closed
    assert abs(booked_krw - (worth_krw(testbed) - before)) <= TOLERANCE_KRW * len(closed)
