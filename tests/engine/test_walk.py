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
from tests.engine.town import OVERDUE_NS, SESSION, Town, Tripwire


@pytest.fixture
def town() -> Town:
    return Town()


def open_one(town: Town, premium_bps: int = 60) -> None:
    town.premium(premium_bps)
    assert town.evaluate_now() == 1


def drain(town: Town) -> None:
    for _ in range(50):
        if not town.pending:
            return
        due = min(at_ns for at_ns, _, _ in town.pending)
        if due > town.clock.now_ns():
            town.pass_time((due - town.clock.now_ns()) // NS_PER_MS + 1)
        town.premium(60)
        town.run_one(next(i for i, each in enumerate(town.pending) if each[0] <= town.clock.now_ns()))


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def test_no_premium_opens_nothing(town):
    town.premium(10)
    assert town.evaluate_now() == 0
    assert not town.tables.orders


def test_premium_opens_a_hedged_pair(town):
    open_one(town)
    drain(town)
    assert only_trade(town).state is TradeState.OPEN
    assert [sum(town.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]
    assert not town.drifts()


def test_discount_opens_the_other_way(town):
    open_one(town, -60)
    sides = {row.order.venue: row.order.side for row in town.tables.orders.values()}
    assert sides == {Venue.UPBIT: "buy", Venue.BINANCE: "sell"}


def test_convergence_closes_with_a_profit(town):
    open_one(town)
    drain(town)
    town.premium(0)
    assert town.evaluate_now() == 1
    town.quiesce()
    trade = only_trade(town)
    assert trade.state is TradeState.CLOSED
    assert trade.reason in ("take_profit", "converged")
    assert trade.pnl_krw > 0
    assert not town.drifts()


def test_stale_quotes_open_nothing(town):
    town.premium(60)
    town.clock.advance_ms(5_000)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", "quote_stale"] == 1


def test_absurd_premium_opens_nothing(town):
    town.premium(5_000)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", "premium_absurd"] == 1


@pytest.mark.parametrize("mode", [Mode.REDUCE_ONLY, Mode.HALTED])
def test_degraded_modes_open_nothing(town, mode):
    town.sessions.set_mode(SESSION, mode, "test", town.clock.now_ns())
    town.premium(60)
    assert town.evaluate_now() == 0
    assert not town.tables.orders


def test_reduce_only_still_closes(town):
    open_one(town)
    drain(town)
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", town.clock.now_ns())
    town.premium(0)
    assert town.evaluate_now() == 1


def test_task_delivered_twice_sends_once(town):
    open_one(town)
    town.run_one(0, keep=True)
    drain(town)
    assert all(count == 1 for venue in PAIR.venues for count in town.orders_at(venue).values())


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_lost_reply_is_unknown_and_then_adopted(town, venue):
    town.venues[venue].troubles.append(Trouble.REPLY_LOST)
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    (lost,) = [row.order for row in town.tables.orders.values() if row.order.venue is venue]
    assert lost.state is OrderState.UNKNOWN
    town.quiesce()
    assert town.tables.orders[lost.client_order_id].order.state is OrderState.FILLED
    assert town.orders_at(venue)[lost.client_order_id] == 1
    assert not town.drifts()


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", list(Trouble))
def test_any_trouble_ends_hedged_and_without_drift(town, venue, trouble):
    town.venues[venue].troubles.append(trouble)
    open_one(town)
    town.quiesce()
    assert only_trade(town).state in (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)
    assert all(count == 1 for each in PAIR.venues for count in town.orders_at(each).values())
    assert not town.drifts()


def test_unknown_is_not_sent_again_under_another_id(town):
    town.venues[Venue.BINANCE].troubles.append(Trouble.DROPPED)
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    for _ in range(10):
        town.premium(60)
        town.pass_time(500)
        while any(at_ns <= town.clock.now_ns() for at_ns, _, _ in town.pending):
            town.run_one(next(i for i, e in enumerate(town.pending) if e[0] <= town.clock.now_ns()))
    binance = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.BINANCE]
    assert [order.state for order in binance] == [OrderState.UNKNOWN]


def test_killed_between_claim_and_wire_never_sends_twice(town):
    open_one(town)
    town.run_one(0, keep=True, trip=Tripwire(calls_left=1, after=False))
    town.quiesce()
    assert all(count == 1 for venue in PAIR.venues for count in town.orders_at(venue).values())
    assert only_trade(town).state in (TradeState.OPEN, TradeState.CLOSED)


def test_killed_between_wire_and_record_books_what_happened(town):
    open_one(town)
    town.run_one(0, keep=True, trip=Tripwire(calls_left=1, after=True))
    town.quiesce()
    assert all(count == 1 for venue in PAIR.venues for count in town.orders_at(venue).values())
    assert not town.drifts()


def test_lost_messages_are_found_by_the_sweep(town):
    open_one(town)
    town.pending.clear()
    town.pass_time(OVERDUE_NS // NS_PER_MS + 1)
    town.quiesce()
    assert only_trade(town).state in ENDED_OR_OPEN


ENDED_OR_OPEN = (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)


def test_intent_past_its_lifetime_is_never_sent(town):
    open_one(town)
    town.clock.advance_ms(4_000)
    town.quiesce()
    assert not any(town.orders_at(venue) for venue in PAIR.venues)
    assert only_trade(town).state is TradeState.ABORTED


def test_lonely_leg_is_repaired_the_cheaper_way(town):
    town.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    open_one(town)
    town.quiesce()
    purposes = sorted(row.order.purpose for row in town.tables.orders.values())
    assert "repair" in purposes
    assert not any(view.trade.state is TradeState.REPAIRING for view in town.trades.active(SESSION))


def test_lonely_leg_without_a_market_is_handed_over_and_alarmed(town):
    for venue in town.venues.values():
        venue.silent = True
    town.venues[Venue.UPBIT].troubles.append(Trouble.REJECTED)
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    town.pass_time(5_000)
    for _ in range(200):
        town.sweep.run()
        town.collect()
        while any(at_ns <= town.clock.now_ns() for at_ns, _, _ in town.pending):
            town.run_one(next(i for i, e in enumerate(town.pending) if e[0] <= town.clock.now_ns()))
        town.pass_time(1_000)
    assert only_trade(town).state is TradeState.HANDED_OVER
    assert [alert.kind for _, alert in town.tables.alerts] == ["trade_handed_over"]


def test_store_away_after_the_wire_is_recorded_when_it_is_back(town):
    open_one(town)
    town.run_one(0, trip=Tripwire(calls_left=1, after=True))
    town.quiesce()
    assert not town.drifts()


def test_late_refusal_does_not_end_an_order_that_was_sent_again_for_it(town):
    """A sender that was given up comes back with a refusal: the re-driven order is what counts."""
    open_one(town)
    upbit = next(row.order for row in town.tables.orders.values() if row.order.venue is Venue.UPBIT)
    claimed = town.trades.claim(upbit.client_order_id, town.clock.now_ns())
    town.clock.advance_ms(OVERDUE_NS // NS_PER_MS + 1)
    town.premium(60)
    town.execute.resolve(upbit.client_order_id)  # gives the sender up
    town.execute.resolve(upbit.client_order_id)  # sends the same identifier again
    assert town.orders_at(Venue.UPBIT) == {upbit.client_order_id: 1}
    filled = town.tables.orders[upbit.client_order_id].order
    ended = town.execute._refused(claimed, Rejected("upbit", "insufficient funds", "insufficient_funds_ask"))
    assert ended is claimed
    assert town.tables.orders[upbit.client_order_id].order == filled
    town.collect()
    town.quiesce()
    assert not town.drifts()


def test_an_order_whose_lifetime_is_over_is_proven_without_trading(town):
    """An hour later its price is history: the identifier is spent on an order that nobody fills."""
    open_one(town)
    upbit = next(row.order for row in town.tables.orders.values() if row.order.venue is Venue.UPBIT)
    town.trades.claim(upbit.client_order_id, town.clock.now_ns())
    town.pending.clear()
    town.pass_time(3_600_000)
    town.premium(60)
    town.quiesce()
    proven = town.tables.orders[upbit.client_order_id].order
    assert (proven.state, proven.fills) == (OrderState.CANCELED, ())
    assert only_trade(town).state is TradeState.ABORTED
    assert not town.drifts()


@pytest.mark.parametrize("event", [OrderEvent.REJECT, OrderEvent.EXPIRE])
def test_refusal_ends_only_the_claim_it_belongs_to(town, event):
    open_one(town)
    (first, _) = town.tables.orders.values()
    claimed = town.trades.claim(first.order.client_order_id, town.clock.now_ns())
    assert not town.trades.refuse(claimed.client_order_id, claimed.fence - 1, event, "", 0)
    assert town.trades.lose(claimed.client_order_id, claimed.fence, "timeout", town.clock.now_ns())
    assert not town.trades.refuse(claimed.client_order_id, claimed.fence, event, "", 0)
    assert town.tables.orders[claimed.client_order_id].order.state is OrderState.UNKNOWN
