"""Weights and order counts in fixed windows; 429, then 418."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.sim.binance.errors import BinanceError
from arb.sim.binance.limits import STUBBORN_CALLS_MAX, LimitSwitches, WeightLimits

MINUTE_MS = 60_000


def refused(act):
    with pytest.raises(BinanceError) as error:
        act()
    return error.value


def test_weight_over_the_limit_is_429_until_the_next_minute():
    clock = ManualClock(20_000 * 1_000_000)
    limits = WeightLimits(clock)
    limits.charge(6_000)
    error = refused(lambda: limits.charge(1))
    assert (error.status, error.code, error.retry_after_s) == (429, -1003, 40)
    clock.advance_ms(40_000)
    limits.charge(1)
    assert limits.weight_headers()["X-MBX-USED-WEIGHT-1M"] == "1"


def test_limits_can_be_replaced_and_what_is_counted_stays():
    limits = WeightLimits(ManualClock(0))
    limits.charge(6_000)
    limits.replace(LimitSwitches(weight_per_minute=6_001, orders_per_10s=1))
    limits.charge(1)
    assert refused(lambda: limits.charge(1)).code == -1003
    limits.count_order()
    assert refused(limits.check_orders).code == -1015


def test_calling_on_regardless_ends_in_a_ban():
    clock = ManualClock(0)
    limits = WeightLimits(clock)
    limits.charge(6_000)
    statuses = [refused(lambda: limits.charge(1)).status for _ in range(STUBBORN_CALLS_MAX + 1)]
    assert statuses == [429] * STUBBORN_CALLS_MAX + [418]
    clock.advance_ms(MINUTE_MS)
    error = refused(lambda: limits.charge(1))
    assert (error.status, error.retry_after_s) == (418, 60)
    clock.advance_ms(MINUTE_MS)
    limits.charge(1)


def test_orders_that_do_not_trade_run_into_the_limit_and_traded_ones_do_not():
    limits = WeightLimits(ManualClock(0))
    for _ in range(300):
        limits.count_order()
        limits.order_traded()
    for _ in range(100):
        limits.count_order()
    error = refused(limits.check_orders)
    assert (error.status, error.code, error.retry_after_s) == (429, -1015, 10)
    assert limits.order_headers() == {"X-MBX-ORDER-COUNT-10S": "100", "X-MBX-ORDER-COUNT-1D": "100"}
