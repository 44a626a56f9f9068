"""The walk of a quote, on memory adapters: every step, and every way a step can go wrong."""

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.errors import Rejected
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import OrderEvent, OrderState
from arb.domain.trading.trade import TradeState
from tests.domain.markets import PAIR
from tests.engine.testbed import OVERDUE_NS, SESSION, EngineTestbed, Tripwire


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def open_one(testbed: EngineTestbed, premium_bps: int = 60) -> None:
    testbed.premium(premium_bps)
    assert testbed.evaluate_now() == 1


def drain(testbed: EngineTestbed) -> None:
    for _ in range(50):
        if not testbed.pending:
            return
        due = min(at_ns for at_ns, _, _ in testbed.pending)
        if due > testbed.clock.now_ns():
            testbed.pass_time((due - testbed.clock.now_ns()) // NS_PER_MS + 1)
        testbed.premium(60)
        testbed.run_one(
            next(i for i, each in enumerate(testbed.pending) if each[0] <= testbed.clock.now_ns())
        )


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def test_no_premium_opens_nothing(testbed):
    testbed.premium(10)
    assert testbed.evaluate_now() == 0
    assert not testbed.tables.orders


def test_premium_opens_a_hedged_pair(testbed):
    open_one(testbed)
    drain(testbed)
    assert only_trade(testbed).state is TradeState.OPEN
    assert [sum(testbed.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]
    assert not testbed.drifts()


def test_discount_opens_the_other_way(testbed):
    open_one(testbed, -60)
    sides = {row.order.venue: row.order.side for row in testbed.tables.orders.values()}
    assert sides == {Venue.UPBIT: "buy", Venue.BINANCE: "sell"}


def test_convergence_closes_with_a_profit(testbed):
    open_one(testbed)
    drain(testbed)
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    testbed.quiesce()
    trade = only_trade(testbed)
    assert trade.state is TradeState.CLOSED
    assert trade.reason in ("take_profit", "converged")
    assert trade.pnl_krw > 0
    assert not testbed.drifts()


def test_stale_quotes_open_nothing(testbed):
    testbed.premium(60)
    testbed.clock.advance_ms(5_000)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "quote_stale"] == 1


def test_absurd_premium_opens_nothing(testbed):
    testbed.premium(5_000)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "premium_absurd"] == 1


@pytest.mark.parametrize("mode", [Mode.REDUCE_ONLY, Mode.HALTED])
def test_degraded_modes_open_nothing(testbed, mode):
    testbed.sessions.set_mode(SESSION, mode, "test", testbed.clock.now_ns())
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert not testbed.tables.orders


def test_reduce_only_still_closes(testbed):
    open_one(testbed)
    drain(testbed)
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", testbed.clock.now_ns())
    testbed.premium(0)
    assert testbed.evaluate_now() == 1


def test_task_delivered_twice_sends_once(testbed):
    open_one(testbed)
    testbed.run_one(0, keep=True)
    drain(testbed)
    assert all(count == 1 for venue in PAIR.venues for count in testbed.orders_at(venue).values())


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_lost_reply_is_unknown_and_then_adopted(testbed, venue):
    testbed.venues[venue].troubles.append(Trouble.REPLY_LOST)
    open_one(testbed)
    testbed.run_one(0)
    testbed.run_one(0)
    (lost,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is venue]
    assert lost.state is OrderState.UNKNOWN
    testbed.quiesce()
    assert testbed.tables.orders[lost.client_order_id].order.state is OrderState.FILLED
    assert testbed.orders_at(venue)[lost.client_order_id] == 1
    assert not testbed.drifts()


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", list(Trouble))
def test_any_trouble_ends_hedged_and_without_drift(testbed, venue, trouble):
    testbed.venues[venue].troubles.append(trouble)
    open_one(testbed)
    testbed.quiesce()
    assert only_trade(testbed).state in (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)
    assert all(count == 1 for each in PAIR.venues for count in testbed.orders_at(each).values())
    assert not testbed.drifts()


def test_unknown_is_not_sent_again_under_another_id(testbed):
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    open_one(testbed)
    testbed.run_one(0)
    testbed.run_one(0)
    for _ in range(10):
        testbed.premium(60)
        testbed.pass_time(500)
        while any(at_ns <= testbed.clock.now_ns() for at_ns, _, _ in testbed.pending):
            testbed.run_one(next(i for i, e in enumerate(testbed.pending) if e[0] <= testbed.clock.now_ns()))
    binance = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]
    assert [order.state for order in binance] == [OrderState.UNKNOWN]


def test_killed_between_claim_and_wire_never_sends_twice(testbed):
    open_one(testbed)
    testbed.run_one(0, keep=True, trip=Tripwire(calls_left=1, after=False))
    testbed.quiesce()
    assert all(count == 1 for venue in PAIR.venues for count in testbed.orders_at(venue).values())
    assert only_trade(testbed).state in (TradeState.OPEN, TradeState.CLOSED)


def test_killed_between_wire_and_record_books_what_happened(testbed):
    open_one(testbed)
    testbed.run_one(0, keep=True, trip=Tripwire(calls_left=1, after=True))
    testbed.quiesce()
    assert all(count == 1 for venue in PAIR.venues for count in testbed.orders_at(venue).values())
    assert not testbed.drifts()


def test_lost_messages_are_found_by_the_sweep(testbed):
    open_one(testbed)
    testbed.pending.clear()
    testbed.pass_time(OVERDUE_NS // NS_PER_MS + 1)
    testbed.quiesce()
    assert only_trade(testbed).state in ENDED_OR_OPEN


ENDED_OR_OPEN = (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)


def test_intent_past_its_lifetime_is_never_sent(testbed):
    open_one(testbed)
    testbed.clock.advance_ms(4_000)
    testbed.quiesce()
    assert not any(testbed.orders_at(venue) for venue in PAIR.venues)
    assert only_trade(testbed).state is TradeState.ABORTED


def test_lone_leg_is_repaired_the_cheaper_way(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    open_one(testbed)
    testbed.quiesce()
    purposes = sorted(row.order.purpose for row in testbed.tables.orders.values())
    assert "repair" in purposes
    assert not any(view.trade.state is TradeState.REPAIRING for view in testbed.trades.active(SESSION))


def test_lone_leg_without_a_market_is_escalated_and_alarmed(testbed):
    for venue in testbed.venues.values():
        venue.silent = True
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    open_one(testbed)
    testbed.run_one(0)
    testbed.run_one(0)
    testbed.pass_time(5_000)
    for _ in range(200):
        testbed.sweep.run()
        testbed.collect()
        while any(at_ns <= testbed.clock.now_ns() for at_ns, _, _ in testbed.pending):
            testbed.run_one(next(i for i, e in enumerate(testbed.pending) if e[0] <= testbed.clock.now_ns()))
        testbed.pass_time(1_000)
    assert only_trade(testbed).state is TradeState.ESCALATED
    assert [alert.kind for _, alert in testbed.tables.alerts] == ["trade_handed_over"]


def test_store_away_after_the_wire_is_recorded_when_it_is_back(testbed):
    open_one(testbed)
    testbed.run_one(0, trip=Tripwire(calls_left=1, after=True))
    testbed.quiesce()
    assert not testbed.drifts()


def test_late_refusal_does_not_end_an_order_that_was_sent_again_for_it(testbed):
    """A sender that was given up comes back with a refusal: the re-driven order is what counts."""
    open_one(testbed)
    upbit = next(row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.UPBIT)
    claimed = testbed.trades.claim(upbit.client_order_id, testbed.clock.now_ns())
    testbed.clock.advance_ms(OVERDUE_NS // NS_PER_MS + 1)
    testbed.premium(60)
    testbed.execute.resolve(upbit.client_order_id)  # gives the sender up
    testbed.execute.resolve(upbit.client_order_id)  # sends the same identifier again
    assert testbed.orders_at(Venue.UPBIT) == {upbit.client_order_id: 1}
    filled = testbed.tables.orders[upbit.client_order_id].order
    ended = testbed.execute._rejected(
        claimed, Rejected("upbit", "insufficient funds", "insufficient_funds_ask")
    )
    assert ended is claimed
    assert testbed.tables.orders[upbit.client_order_id].order == filled
    testbed.collect()
    testbed.quiesce()
    assert not testbed.drifts()


def test_an_order_whose_lifetime_is_over_is_proven_without_trading(testbed):
    """An hour later its price is history: the identifier is spent on an order that nobody fills."""
    open_one(testbed)
    upbit = next(row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.UPBIT)
    testbed.trades.claim(upbit.client_order_id, testbed.clock.now_ns())
    testbed.pending.clear()
    testbed.pass_time(3_600_000)
    testbed.premium(60)
    testbed.quiesce()
    proven = testbed.tables.orders[upbit.client_order_id].order
    assert (proven.state, proven.fills) == (OrderState.CANCELED, ())
    assert only_trade(testbed).state is TradeState.ABORTED
    assert not testbed.drifts()


@pytest.mark.parametrize("event", [OrderEvent.REJECT, OrderEvent.EXPIRE])
def test_refusal_ends_only_the_claim_it_belongs_to(testbed, event):
    open_one(testbed)
    (first, _) = testbed.tables.orders.values()
    claimed = testbed.trades.claim(first.order.client_order_id, testbed.clock.now_ns())
    assert not testbed.trades.reject(claimed.client_order_id, claimed.fence - 1, event, "", 0)
    assert testbed.trades.lose(claimed.client_order_id, claimed.fence, "timeout", testbed.clock.now_ns())
    assert not testbed.trades.reject(claimed.client_order_id, claimed.fence, event, "", 0)
    assert testbed.tables.orders[claimed.client_order_id].order.state is OrderState.UNKNOWN
