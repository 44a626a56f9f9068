"""The rate moves while pairs are held: none is stopped for it, and none loses more than was set aside."""

from decimal import Decimal

import pytest

from arb.domain.trading.trade import TradeState
from tests.engine.testbed import EngineTestbed, close_by
from tests.known_losses.helpers import (
    go_on,
    open_pairs,
    open_trades,
    quote,
    reduce_only,
    run_all,
    trades,
    upbit_books,
    worth_krw,
)

STEPS = 40  # of a drift
MOVES = [-1_000, -500, -200, 200, 500, 1_000]


def rate_after(move_bps: int) -> int:
    return 1_400 + 1_400 * move_bps // 10_000


def hold_at(testbed: EngineTestbed, premium_bps: int, krw_per_usdt: int, for_s: int) -> None:
    rate = (str(krw_per_usdt - 1), str(krw_per_usdt + 1))
    books = upbit_books(premium_bps, krw_per_usdt)
    go_on(testbed, for_s * 1_000, step_ms=500, quoting=lambda: quote(testbed, upbit=books, rate=rate))


def jump(testbed: EngineTestbed, premium_bps: int, move_bps: int) -> None:
    hold_at(testbed, premium_bps, rate_after(move_bps), for_s=40)


def drift(testbed: EngineTestbed, premium_bps: int, move_bps: int) -> None:
    for step in range(1, STEPS + 1):
        hold_at(testbed, premium_bps, rate_after(move_bps * step // STEPS), for_s=4)


def lost_krw(testbed: EngineTestbed, before: EngineTestbed, move_bps: int) -> Decimal:
    """Return how much less the accounts are worth than without any trade, at the prices of now."""
    rate = Decimal(rate_after(move_bps))
    prices = {"btc_krw": 100_000 * rate, "krw_per_usdt": rate}
    return worth_krw(before, **prices) - worth_krw(testbed, **prices)


def one_way(testbed: EngineTestbed, sign: int, count: int) -> int:
    open_pairs(testbed, sign * 60, count=count)
    return sign * 60


def both_ways(testbed: EngineTestbed, sign: int, count: int) -> int:
    """Open two thirds of them one way and the others the other way; nothing of them converges."""
    close_by(testbed, converged_bps=Decimal(-10_000), take_profit_bps=Decimal(10_000))
    for way, share in ((sign, count * 2 // 3), (-sign, count)):
        while len(open_trades(testbed)) < share:
            hold_at(testbed, way * 60, 1_400, for_s=1)
            run_all(testbed)
    reduce_only(testbed)
    return 0


@pytest.mark.parametrize("moving", [jump, drift])
@pytest.mark.parametrize("move_bps", MOVES)
@pytest.mark.parametrize("sign", [1, -1], ids=["dearer on Upbit", "cheaper on Upbit"])
@pytest.mark.parametrize(("opening", "count"), [(one_way, 1), (one_way, 15), (both_ways, 15)])
def test_the_rates_move_stops_no_pair_and_costs_no_more_than_was_reserved(
    opening, count, sign, move_bps, moving
):
    testbed, before = EngineTestbed(), EngineTestbed()
    premium_bps = opening(testbed, sign, count)
    held = [trade.trade_id for trade in open_trades(testbed)]
    reserved_krw = sum(trade.loss_reserve_krw for trade in open_trades(testbed))
    moving(testbed, premium_bps, move_bps)
    assert lost_krw(testbed, before, move_bps) <= reserved_krw
    assert [trade.trade_id for trade in open_trades(testbed)] == held


@pytest.mark.parametrize("sign", [1, -1])
def test_a_drift_that_uses_up_what_was_set_aside_ends_before_it_does(sign):
    testbed, before = EngineTestbed(), EngineTestbed()
    one_way(testbed, sign, 3)
    reserved_krw = sum(trade.loss_reserve_krw for trade in open_trades(testbed))
    drift(testbed, sign * 60, sign * 2_000)
    assert {(trade.state, trade.reason) for trade in trades(testbed)} == {(TradeState.CLOSED, "stop_loss")}
    assert -sum(trade.pnl_krw for trade in trades(testbed)) <= reserved_krw
    assert lost_krw(testbed, before, sign * 2_000) <= reserved_krw


def test_a_premium_that_runs_away_is_stopped_although_the_rate_has_earned_as_much():
    testbed = EngineTestbed()
    one_way(testbed, 1, 1)
    hold_at(testbed, 60, rate_after(-200), for_s=30)
    assert open_trades(testbed)
    hold_at(testbed, 250, rate_after(-200), for_s=5)
    assert [trade.reason for trade in trades(testbed)] == ["stop_loss"]


def test_what_the_rate_has_earned_is_no_profit_to_take():
    testbed = EngineTestbed()
    one_way(testbed, 1, 1)
    hold_at(testbed, 60, rate_after(-200), for_s=30)
    assert len(open_trades(testbed)) == 1
