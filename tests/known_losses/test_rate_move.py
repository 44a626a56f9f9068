"""Pairs are hedged in the coin and not in the rate of KRW and USDT.

All pairs that are opened the same way sell one currency for the other. A rate that moves for good, with every
premium where it was, stops none of them out, and costs no more than was set aside for it.
"""

from decimal import Decimal

import pytest

from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import go_on, open_pairs, open_trades, quote, trades, upbit_books, worth_krw


def move_rate(testbed: EngineTestbed, premium_bps: int, krw_per_usdt: int) -> None:
    """Have the rate move for good; the coin follows it on Upbit, and its premium stays."""
    rate = (str(krw_per_usdt - 1), str(krw_per_usdt + 1))
    upbit = upbit_books(premium_bps, krw_per_usdt)
    go_on(testbed, for_ms=60_000, step_ms=500, quoting=lambda: quote(testbed, upbit=upbit, rate=rate))


@pytest.mark.parametrize(
    ("premium_bps", "krw_per_usdt"),
    [
        (60, 1_414),
        (-60, 1_386),
        (60, 1_428),
        (-60, 1_372),
    ],
)
def test_a_pair_whose_premium_is_unmoved_is_not_stopped_out_by_the_rate(premium_bps: int, krw_per_usdt: int):
    testbed = EngineTestbed()
    open_pairs(testbed, premium_bps, count=15, at_least=1)
    move_rate(testbed, premium_bps, krw_per_usdt)
    stopped_out = [trade.trade_id for trade in trades(testbed) if trade.reason == "stop_loss"]
    assert stopped_out == []


@pytest.mark.parametrize(
    ("premium_bps", "krw_per_usdt"),
    [
        (60, 1_414),
        (60, 1_428),
        (60, 1_470),
        (-60, 1_330),
    ],
)
def test_what_the_rate_costs_is_within_what_was_reserved(premium_bps: int, krw_per_usdt: int):
    testbed = EngineTestbed()
    prices = {"btc_krw": Decimal(100_000) * krw_per_usdt, "krw_per_usdt": Decimal(krw_per_usdt)}
    untraded_krw = worth_krw(testbed, **prices)
    open_pairs(testbed, premium_bps, count=15, at_least=1)
    reserved_krw = sum(trade.loss_reserve_krw for trade in open_trades(testbed))
    move_rate(testbed, premium_bps, krw_per_usdt)
    lost_krw = untraded_krw - worth_krw(testbed, **prices)
    assert lost_krw <= reserved_krw
