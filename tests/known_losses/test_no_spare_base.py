"""A pair bought without spare coin is closed up to the fee, which was taken from what was bought.

An account that holds only USDT at Binance buys a coin there and has a thousandth less of it than was ordered.
It waited for ever for enough of it to sell what was ordered; take-profit and stop-loss never acted.
"""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.trading.trade import TradeState
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import go_on, open_trades, pay, reduce_only, require, run_all, trades


def buy_with_spare(spare: Decimal) -> EngineTestbed:
    """Open a pair, where it is opened at all, with so much of the coin held on Binance before."""
    testbed = EngineTestbed()
    pay(testbed, Venue.BINANCE, "BTC", spare)
    for _ in range(100):
        testbed.premium(60)
        testbed.evaluate_now()
        run_all(testbed)
        if open_trades(testbed):
            break
        testbed.pass_time(300)
    reduce_only(testbed)
    return testbed


def left_open(testbed: EngineTestbed) -> list[str]:
    over = (TradeState.CLOSED, TradeState.ABORTED)
    return [trade.trade_id for trade in trades(testbed) if trade.state not in over]


@pytest.mark.parametrize("spare", [Decimal(0), Decimal("0.00001"), Decimal("0.001")])
@pytest.mark.parametrize("premium_bps", [0, 260], ids=["take profit", "stop loss"])
def test_a_pair_that_was_bought_can_be_closed(spare: Decimal, premium_bps: int):
    testbed = buy_with_spare(spare)
    require(trades(testbed) or not spare, "a pair was opened where it can be paid for")
    go_on(testbed, for_ms=60_000, step_ms=500, quoting=lambda: testbed.premium(premium_bps))
    assert left_open(testbed) == []
