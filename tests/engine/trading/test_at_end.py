"""Who sees the last order of a trade end settles it, or has that done; who dies leaves it to a sweep."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Conflict, StoreUnavailable
from arb.domain.market.ids import SessionId, Venue
from arb.domain.trading.trade import TradeState
from arb.engine.trading.at_end import FIRST_LOOK
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed, Tripwire, open_one

SETTLE = "arb.settle_trade"


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def send_both(testbed: EngineTestbed) -> None:
    """Have both orders of a decision sent, and what follows from them at once."""
    for _ in range(2):
        testbed.run_one(0)


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def tasks(testbed: EngineTestbed) -> list[str]:
    return [name for _, name, _ in testbed.pending]


def test_the_last_end_of_an_entry_opens_the_trade_and_no_message_is_sent(testbed):
    open_one(testbed)
    testbed.run_one(0)
    assert only_trade(testbed).state is TradeState.OPENING
    testbed.run_one(0)
    assert only_trade(testbed).state is TradeState.OPEN
    assert tasks(testbed) == []
    assert [trade.state for trade in testbed.settled] == [TradeState.OPEN]


def test_the_last_end_of_an_exit_closes_the_trade_with_its_worth(testbed):
    open_one(testbed)
    send_both(testbed)
    testbed.pass_time(1_000)
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    send_both(testbed)
    trade = only_trade(testbed)
    assert (trade.state, trade.pnl_krw > 0, trade.valued_krw_per_usdt) == (TradeState.CLOSED, True, 1400)
    assert tasks(testbed) == []
    assert testbed.settled[-1] == trade


def test_a_leg_that_stands_alone_goes_by_a_message(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    open_one(testbed)
    send_both(testbed)
    assert only_trade(testbed).state is TradeState.OPENING
    assert [(name, args[1:]) for _, name, args in testbed.pending] == [(SETTLE, (FIRST_LOOK,))]
    testbed.quiesce()
    assert not testbed.drifts()


@pytest.mark.parametrize("venue", PAIR.venues)
def test_books_that_would_have_to_be_asked_for_go_by_a_message(testbed, venue):
    open_one(testbed)
    testbed.run_one(0)
    asked = dict(testbed.counters.counts)
    testbed.pass_time(2_500)
    testbed.run_one(0)
    assert tasks(testbed) == [SETTLE]
    assert {name for name in testbed.counters.counts if name not in asked} == set()
    testbed.run_one(0)
    assert only_trade(testbed).state is TradeState.OPEN


def test_a_fee_that_has_to_be_valued_goes_by_a_message(testbed):
    testbed.venues[Venue.BINANCE].fee_paid_in = ("BNB", Decimal("0.001"))
    open_one(testbed)
    send_both(testbed)
    assert tasks(testbed) == [SETTLE]


def test_a_trade_of_another_session_goes_by_a_message(testbed):
    testbed.execute = replace(
        testbed.execute, ended=replace(testbed.execute.ended, session_id=SessionId("another"))
    )
    open_one(testbed)
    send_both(testbed)
    assert tasks(testbed) == [SETTLE]


def test_a_trade_at_rest_whose_order_was_filled_late_goes_by_a_message(testbed):
    open_one(testbed)
    send_both(testbed)
    (order, _) = testbed.trades.view(only_trade(testbed).trade_id).orders
    testbed.execute.ended(order)
    testbed.collect()
    assert tasks(testbed) == []
    row = testbed.tables.orders[order.client_order_id]
    late = replace(order.fills[0], fill_id="late", quantity=Decimal("0.001"))
    testbed.tables.orders[order.client_order_id] = replace(
        row, order=replace(order, fills=(*order.fills, late))
    )
    testbed.execute.ended(order)
    testbed.collect()
    assert tasks(testbed) == [SETTLE]


@pytest.mark.parametrize("settled", [True, False], ids=["settled by it", "moved by it"])
def test_who_was_faster_is_looked_at_before_a_message_is_sent(testbed, monkeypatch, settled):
    open_one(testbed)
    testbed.run_one(0)
    add_orders = MemoryTradeStore.add_orders

    def overtaken(store, trade, orders):
        monkeypatch.undo()
        add_orders(store, trade if settled else replace(trade, state=TradeState.REPAIRING), orders)
        return add_orders(store, trade, orders)

    monkeypatch.setattr(MemoryTradeStore, "add_orders", overtaken)
    testbed.run_one(0)
    assert tasks(testbed) == ([] if settled else [SETTLE])
    testbed.quiesce()
    assert only_trade(testbed).state is TradeState.OPEN


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("view", StoreUnavailable("away")),
        ("add_orders", StoreUnavailable("away")),
        ("add_orders", Conflict("somebody moved it, and did not settle it")),
    ],
)
def test_what_fails_here_goes_by_a_message(testbed, monkeypatch, call, error):
    open_one(testbed)
    testbed.run_one(0)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(testbed.trades), call, fail)
    testbed.run_one(0)
    monkeypatch.undo()
    assert tasks(testbed) == [SETTLE]
    testbed.run_one(0)
    assert only_trade(testbed).state is TradeState.OPEN


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(6))
@pytest.mark.parametrize("entry", [True, False], ids=["entry", "exit"])
def test_who_dies_at_any_step_leaves_what_a_sweep_brings_to_rest(testbed, entry, calls, after):
    open_one(testbed)
    if not entry:
        send_both(testbed)
        testbed.pass_time(1_000)
        testbed.premium(0)
        assert testbed.evaluate_now() == 1
    testbed.run_one(0)
    testbed.run_one(0, trip=Tripwire(calls, after=after))
    testbed.pending.clear()  # and whatever it had sent is lost
    testbed.quiesce()
    assert only_trade(testbed).state in (TradeState.OPEN, TradeState.CLOSED)
    assert all(count == 1 for venue in PAIR.venues for count in testbed.orders_at(venue).values())
    assert not testbed.drifts()
