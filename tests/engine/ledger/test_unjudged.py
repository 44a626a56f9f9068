"""What reconciliation cannot judge is told after a bounded time, and nothing is opened meanwhile."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Retryable
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.ledger.reconcile import Reconcile
from tests.engine.testbed import SESSION, EngineTestbed

MINUTE_MS = 60_000


def alarms(testbed):
    return [
        alert.subject
        for _, alert in testbed.tables.alerts
        if alert.kind == "reconcile_inconclusive" and alert.severity is Severity.CRITICAL
    ]


def mode(testbed):
    session = testbed.sessions.get(SESSION)
    return session.mode, session.mode_reason


def away(testbed, venue=Venue.BINANCE):
    def nothing():
        raise Retryable(venue, "no answer")

    testbed.venues[venue].balances = nothing


def back(testbed, venue=Venue.BINANCE):
    del testbed.venues[venue].balances


def keep_orders_moving(testbed):
    """Have an order on its way at each look, and never the same one."""
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    numbers = iter(range(10**6))
    trades = testbed.reconcile.trades
    orders = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]

    class Busy:
        def __getattr__(self, name):
            return getattr(trades, name)

        def moving(self, *_):
            next(numbers)
            return tuple(orders)

    object.__setattr__(testbed.reconcile, "trades", Busy())


def run_for(testbed, minutes, fresh=False):
    for _ in range(minutes):
        if fresh:
            again(testbed)
        testbed.reconcile.run()
        testbed.pass_time(MINUTE_MS)
    testbed.reconcile.run()


def again(testbed):
    """Have another process reconcile from now on: it remembers nothing."""
    testbed.reconcile = replace(testbed.reconcile, suspects={})
    assert isinstance(testbed.reconcile, Reconcile)


@pytest.mark.parametrize("fresh", [False, True], ids=["one process", "another one each time"])
def test_a_venue_that_cannot_be_asked_is_told_after_five_minutes_and_reduces(fresh):
    testbed = EngineTestbed()
    away(testbed)
    run_for(testbed, 4, fresh)
    assert (alarms(testbed), mode(testbed)[0]) == ([], Mode.NORMAL)
    run_for(testbed, 1, fresh)
    assert alarms(testbed)
    assert mode(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.UNJUDGED))


def test_money_that_leaves_behind_orders_that_always_move_is_told():
    testbed = EngineTestbed()
    keep_orders_moving(testbed)
    testbed.venues[Venue.BINANCE].held["BTC"] -= 5
    run_for(testbed, 6)
    assert "binance:BTC" in alarms(testbed)
    assert mode(testbed) == (Mode.REDUCE_ONLY, reason_text(Cause.UNJUDGED))


def test_it_ends_by_itself_once_everything_is_judged():
    testbed = EngineTestbed()
    away(testbed)
    run_for(testbed, 6)
    back(testbed)
    assert testbed.reconcile.run().explained
    assert mode(testbed) == (Mode.NORMAL, reason_text(Cause.JUDGED_AGAIN))
    before = len(alarms(testbed))
    testbed.pass_time(MINUTE_MS)
    away(testbed)
    run_for(testbed, 4)
    assert len(alarms(testbed)) == before  # the time begins anew


def test_an_asset_that_waits_is_not_judged_by_a_run_that_cannot_look():
    testbed = EngineTestbed()
    keep_orders_moving(testbed)
    testbed.venues[Venue.BINANCE].held["BTC"] -= Decimal("0.5")
    testbed.reconcile.run(looks=1)
    testbed.pass_time(MINUTE_MS)
    away(testbed)
    for _ in range(4):
        testbed.reconcile.run(looks=1)
        testbed.pass_time(MINUTE_MS)
    testbed.reconcile.run(looks=1)
    assert alarms(testbed) == ["binance:BTC"]


def test_neither_a_halt_nor_what_a_person_decided_since_is_written_over():
    testbed = EngineTestbed()
    away(testbed)
    run_for(testbed, 6)
    testbed.pass_time(1_000)
    testbed.sessions.set_mode(SESSION, Mode.NORMAL, "I looked", testbed.clock.now_ns())
    run_for(testbed, 2)
    assert mode(testbed) == (Mode.NORMAL, "I looked")
    testbed.sessions.set_mode(SESSION, Mode.HALTED, "by hand", testbed.clock.now_ns())
    run_for(testbed, 2)
    assert mode(testbed) == (Mode.HALTED, "by hand")
