"""An exit that a venue will not do: the pair stays hedged, little is lost, and it closes in the end."""

from decimal import Decimal

import pytest

from arb.domain.errors import Rejected
from arb.domain.ledger.ledger import adjustment_entry
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.domain.markets import PAIR
from tests.engine.town import SESSION, Town

REFUSED_MS = 120_000


@pytest.fixture
def town() -> Town:
    """With one open pair that is worth closing."""
    found = Town()
    found.premium(-60)
    assert found.evaluate_now() == 1
    while found.pending:
        found.run_one()
    assert trade(found).state is TradeState.OPEN
    return found


def trade(town):
    (found,) = town.tables.trades.values()
    return found


def exits(town):
    return [row.order for row in town.tables.orders.values() if row.order.purpose is Purpose.EXIT]


def imbalance(town):
    return trade_position(town.trades.view(trade(town).trade_id).orders).imbalance


def worth_krw(town):
    upbit, binance = town.venues[Venue.UPBIT].held, town.venues[Venue.BINANCE].held
    return (upbit["BTC"] + binance["BTC"]) * 140_000_000 + upbit["KRW"] + binance["USDT"] * 1_400


def go_on(town, for_ms):
    """Trade at even prices, in steps of 100 ms."""
    for _ in range(for_ms // 100):
        town.premium(0)
        town.evaluate_now()
        town.sweep.run()
        town.collect()
        for _ in range(len(town.pending)):
            if town.pending[0][0] <= town.clock.now_ns():
                town.run_one()
            else:
                town.pending.append(town.pending.pop(0))
        town.pass_time(100)


def refuse_exits(town, venue):
    """Have a venue refuse whatever would close a pair; return how to end that."""
    client = town.venues[venue]
    place = client.place

    def refuse(order):
        if order.purpose is not Purpose.ENTRY:
            raise Rejected(venue, "not allowed now", "-2010")
        return place(order)

    client.place = refuse
    town._wire_engine()

    def end():
        client.place = place
        town._wire_engine()

    return end


def pay(town, venue, asset, amount):
    """Have the venue hold that much of it, and the ledger know."""
    now_ns, held = town.clock.now_ns(), town.venues[venue].held
    entry = adjustment_entry(SESSION, venue, asset, held[asset], amount, now_ns)
    town.trades.book_entry(SESSION, entry, now_ns)
    held[asset] = amount


def test_an_exit_that_nobody_pays_for_is_not_begun_until_the_money_is_there(town):
    before = town.venues[Venue.BINANCE].held["USDT"]
    pay(town, Venue.BINANCE, "USDT", Decimal(1))
    worth = worth_krw(town)
    go_on(town, 10_000)
    assert exits(town) == []
    assert (trade(town).state, imbalance(town), worth_krw(town)) == (TradeState.OPEN, 0, worth)
    assert [(alert.kind, alert.subject) for _, alert in town.tables.alerts] == [
        ("exit_unpaid", "binance USDT")
    ]
    pay(town, Venue.BINANCE, "USDT", before)
    go_on(town, 5_000)
    assert trade(town).state is TradeState.CLOSED
    assert not town.drifts()


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_refuses_exits_costs_little_and_leaves_no_leg_alone(town, venue):
    before, reserve = worth_krw(town), trade(town).loss_reserve_krw
    end = refuse_exits(town, venue)
    go_on(town, REFUSED_MS)
    assert (trade(town).state, imbalance(town)) == (TradeState.OPEN, 0)
    assert 2 * 2 <= len(exits(town)) <= 2 * 8
    assert before - worth_krw(town) < reserve / 5
    whole, again, probe = (order.quantity for order in exits(town)[:6:2])
    assert whole == again > 50 * probe
    assert [alert.kind for _, alert in town.tables.alerts] == ["exit_refused"]
    end()
    go_on(town, 2 * REFUSED_MS)
    assert trade(town).state is TradeState.CLOSED
    assert not town.drifts()


def test_exits_that_no_leg_executed_cost_nothing_and_do_not_slow_the_next(town):
    ends = [refuse_exits(town, venue) for venue in PAIR.venues]
    go_on(town, 5_000)
    for end in ends:
        end()
    go_on(town, 1_000)
    assert trade(town).state is TradeState.CLOSED
