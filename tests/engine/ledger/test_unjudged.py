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
from tests.engine.town import SESSION, Town

MINUTE_MS = 60_000


def alarms(town):
    return [
        alert.subject
        for _, alert in town.tables.alerts
        if alert.kind == "reconcile_inconclusive" and alert.severity is Severity.CRITICAL
    ]


def mode(town):
    session = town.sessions.get(SESSION)
    return session.mode, session.mode_reason


def away(town, venue=Venue.BINANCE):
    def nothing():
        raise Retryable(venue, "no answer")

    town.venues[venue].balances = nothing


def back(town, venue=Venue.BINANCE):
    del town.venues[venue].balances


def keep_orders_moving(town):
    """Have an order on its way at each look, and never the same one."""
    town.premium(60)
    assert town.evaluate_now() == 1
    numbers = iter(range(10**6))
    trades = town.reconcile.trades
    orders = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.BINANCE]

    class Busy:
        def __getattr__(self, name):
            return getattr(trades, name)

        def moving(self, *_):
            next(numbers)
            return tuple(orders)

    object.__setattr__(town.reconcile, "trades", Busy())


def run_for(town, minutes, fresh=False):
    for _ in range(minutes):
        if fresh:
            again(town)
        town.reconcile.run()
        town.pass_time(MINUTE_MS)
    town.reconcile.run()


def again(town):
    """Have another process reconcile from now on: it remembers nothing."""
    town.reconcile = replace(town.reconcile, suspects={})
    assert isinstance(town.reconcile, Reconcile)


@pytest.mark.parametrize("fresh", [False, True], ids=["one process", "another one each time"])
def test_a_venue_that_cannot_be_asked_is_told_after_five_minutes_and_reduces(fresh):
    town = Town()
    away(town)
    run_for(town, 4, fresh)
    assert (alarms(town), mode(town)[0]) == ([], Mode.NORMAL)
    run_for(town, 1, fresh)
    assert alarms(town)
    assert mode(town) == (Mode.REDUCE_ONLY, reason_text(Cause.UNJUDGED))


def test_money_that_leaves_behind_orders_that_always_move_is_told():
    town = Town()
    keep_orders_moving(town)
    town.venues[Venue.BINANCE].held["BTC"] -= 5
    run_for(town, 6)
    assert "binance:BTC" in alarms(town)
    assert mode(town) == (Mode.REDUCE_ONLY, reason_text(Cause.UNJUDGED))


def test_it_ends_by_itself_once_everything_is_judged():
    town = Town()
    away(town)
    run_for(town, 6)
    back(town)
    assert town.reconcile.run().explained
    assert mode(town) == (Mode.NORMAL, reason_text(Cause.JUDGED_AGAIN))
    before = len(alarms(town))
    town.pass_time(MINUTE_MS)
    away(town)
    run_for(town, 4)
    assert len(alarms(town)) == before  # the time begins anew


def test_an_asset_that_waits_is_not_judged_by_a_run_that_cannot_look():
    town = Town()
    keep_orders_moving(town)
    town.venues[Venue.BINANCE].held["BTC"] -= Decimal("0.5")
    town.reconcile.run(looks=1)
    town.pass_time(MINUTE_MS)
    away(town)
    for _ in range(4):
        town.reconcile.run(looks=1)
        town.pass_time(MINUTE_MS)
    town.reconcile.run(looks=1)
    assert alarms(town) == ["binance:BTC"]


def test_neither_a_halt_nor_what_a_person_decided_since_is_written_over():
    town = Town()
    away(town)
    run_for(town, 6)
    town.pass_time(1_000)
    town.sessions.set_mode(SESSION, Mode.NORMAL, "I looked", town.clock.now_ns())
    run_for(town, 2)
    assert mode(town) == (Mode.NORMAL, "I looked")
    town.sessions.set_mode(SESSION, Mode.HALTED, "by hand", town.clock.now_ns())
    run_for(town, 2)
    assert mode(town) == (Mode.HALTED, "by hand")
