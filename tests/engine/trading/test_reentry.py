"""What has just lost is not opened again at once, and nothing is closed at a loss because of the clock."""

from arb.domain.trading.trade import TradeState
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import go_on, open_trades, quote, trades, upbit_books

HOLDING_S = 600  # of the testbed


def at_a_premium(testbed: EngineTestbed, premium_bps: int, for_s: int) -> None:
    go_on(testbed, for_s * 1_000, step_ms=500, quoting=lambda: quote(testbed, upbit=upbit_books(premium_bps)))


def test_a_premium_that_stays_is_held_and_not_closed_and_opened_again_for_the_fees():
    testbed = EngineTestbed()
    at_a_premium(testbed, 60, for_s=2)
    at_a_premium(testbed, 40, for_s=HOLDING_S + 60)
    assert {trade.state for trade in trades(testbed)} == {TradeState.OPEN}


def test_a_pair_that_loses_nothing_is_closed_when_its_time_is_over():
    testbed = EngineTestbed()
    at_a_premium(testbed, 60, for_s=1)
    at_a_premium(testbed, 28, for_s=HOLDING_S - 2)
    assert open_trades(testbed)
    at_a_premium(testbed, 28, for_s=5)
    assert {trade.reason for trade in trades(testbed)} == {"holding_time"}
    assert all(trade.pnl_krw >= 0 for trade in trades(testbed))


def test_after_a_stop_loss_the_same_way_waits_longer_each_time():
    testbed = EngineTestbed()
    pauses_s = []
    for _ in range(3):
        known = len(trades(testbed))
        while len(trades(testbed)) == known:
            at_a_premium(testbed, 60, for_s=1)
        while any(trade.state is not TradeState.CLOSED for trade in trades(testbed)):
            at_a_premium(testbed, 260, for_s=1)
        stopped = [trade for trade in trades(testbed) if trade.reason == "stop_loss"]
        closed_at_ns = max(trade.closed_at_ns for trade in stopped)
        while max(trade.opened_at_ns for trade in trades(testbed)) < closed_at_ns:
            at_a_premium(testbed, 60, for_s=1)
        opened_at_ns = min(
            trade.opened_at_ns for trade in trades(testbed) if trade.opened_at_ns > closed_at_ns
        )
        pauses_s.append((opened_at_ns - closed_at_ns) / 1e9)
    assert pauses_s == sorted(pauses_s)
    assert pauses_s[0] < pauses_s[-1]
