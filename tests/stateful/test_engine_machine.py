"""The whole engine against two venues in memory: any fault, any death, any order of events.

What must hold at every moment is asked of the venues, not of the engine: one intent has zero or one
order, and no order exists without its intent. At the end everything comes to rest, hedged, without drift.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from arb.adapters.memory.venue import Trouble
from arb.domain.ledger.ledger import totals
from arb.domain.market.ids import TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import ENDED, TradeState
from tests.domain.markets import PAIR
from tests.engine.kill.test_kill import kill
from tests.engine.testbed import SESSION, EngineTestbed, Killed, Tripwire, exchange

Pair = tuple[TradeId, Purpose, int]
VENUES = st.sampled_from(list(PAIR.venues))


class EngineMachine(RuleBasedStateMachine):
    """Everything that can happen to the engine, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.testbed = EngineTestbed()
        self.sent_before: set[Pair] = set()

    @rule(bps=st.sampled_from([-200, -80, -40, 0, 10, 40, 80, 200]), depth=st.sampled_from(["5", "0.02"]))
    def quote(self, bps: int, depth: str) -> None:
        self.testbed.premium(bps, depth)
        if len(self.testbed.trades.active(SESSION)) < 4:
            self.testbed.evaluate_now()

    @rule(venue=VENUES, trouble=st.sampled_from(list(Trouble)))
    def trouble(self, venue: Venue, trouble: Trouble) -> None:
        self.testbed.venues[venue].troubles.append(trouble)

    @precondition(lambda self: self.testbed.pending)
    @rule(data=st.data(), keep=st.booleans())
    def run_any_task(self, data: st.DataObject, keep: bool) -> None:
        index = data.draw(st.integers(0, len(self.testbed.pending) - 1))
        self.testbed.run_one(index, keep=keep and len(self.testbed.pending) < 30)

    @precondition(lambda self: self.testbed.pending)
    @rule(data=st.data(), calls=st.integers(0, 6), after=st.booleans())
    def die_in_any_task(self, data: st.DataObject, calls: int, after: bool) -> None:
        index = data.draw(st.integers(0, len(self.testbed.pending) - 1))
        self.testbed.run_one(index, keep=True, trip=Tripwire(calls_left=calls, after=after))

    @precondition(lambda self: self.testbed.pending)
    @rule(data=st.data())
    def lose_a_message(self, data: st.DataObject) -> None:
        self.testbed.pending.pop(data.draw(st.integers(0, len(self.testbed.pending) - 1)))

    @rule(senders=st.sampled_from([0, 1, 2, 8]))
    def have_senders(self, senders: int) -> None:
        self.testbed.senders = senders

    @precondition(lambda self: self.testbed.handed)
    @rule(data=st.data())
    def run_any_handed(self, data: st.DataObject) -> None:
        self.run_handed(data, Tripwire())

    @precondition(lambda self: self.testbed.handed)
    @rule(data=st.data(), calls=st.integers(0, 6), after=st.booleans())
    def die_in_any_handed(self, data: st.DataObject, calls: int, after: bool) -> None:
        self.run_handed(data, Tripwire(calls_left=calls, after=after))
        self.testbed.handed.clear()  # they were all one process's

    @rule()
    def die_with_orders_in_hand(self) -> None:
        self.testbed.handed.clear()

    def run_handed(self, data: st.DataObject, trip: Tripwire) -> None:
        work = self.testbed.handed.pop(data.draw(st.integers(0, len(self.testbed.handed) - 1)))
        self.testbed.wire.calls_left, self.testbed.wire.after = trip.calls_left, trip.after
        try:
            work()
        except Killed:
            pass
        finally:
            self.testbed.wire.calls_left = -1
        self.testbed.collect()

    @rule(ms=st.sampled_from([1, 50, 700, 1_600, 3_100, 6_000, 14_000]))
    def wait(self, ms: int) -> None:
        self.testbed.pass_time(ms)

    @rule()
    def kill(self) -> None:
        self.testbed.switch.engage("machine", self.testbed.clock.now_ns())
        self.sent_before = self.sent_whole()

    @rule()
    def unkill(self) -> None:
        self.testbed.switch.release()

    @rule()
    def bring_to_rest_alone(self) -> None:
        """What `arb kill` does after it pulled the switch, whatever else is pending."""
        if self.testbed.switch.engaged() is not None:
            kill(self.testbed, within_s=2)

    @rule()
    def reconcile(self) -> None:
        assert not self.testbed.reconcile.run().drifts

    @rule()
    def sweep(self) -> None:
        self.testbed.sweep.run()
        self.testbed.collect()

    @invariant()
    def one_order_at_most(self) -> None:
        for venue in PAIR.venues:
            assert all(count == 1 for count in self.testbed.orders_at(venue).values())

    @invariant()
    def intent_first(self) -> None:
        for venue in PAIR.venues:
            for client_order_id in self.testbed.orders_at(venue):
                assert self.testbed.tables.orders[client_order_id].order.state is not OrderState.INTENT

    @invariant()
    def killed_sends_no_new_pair(self) -> None:
        """While killed an entry or exit goes out only where its other leg went before."""
        if self.testbed.switch.engaged() is not None:
            assert self.sent_whole() <= self.sent_before

    def sent_whole(self) -> set[Pair]:
        """Return the pairs of which a leg was sent, as far as the venues have it; repairs are no pairs."""
        orders = (row.order for row in self.testbed.tables.orders.values())
        return {
            (order.trade_id, order.purpose, order.created_at_ns)
            for order in orders
            if order.purpose is not Purpose.REPAIR
            and order.claimed_at_ns
            and order.state is not OrderState.DENIED
        }

    @invariant()
    def every_entry_balances(self) -> None:
        for booked in self.testbed.tables.ledger:
            assert set(totals(booked.entry.postings).values()) <= {ZERO}

    def teardown(self) -> None:
        self.testbed.switch.release()
        self.testbed.quiesce()
        self.one_order_at_most()
        assert not self.testbed.drifts()
        assert not self.testbed.reconcile.run().drifts
        alarmed = {alert.subject for _, alert in self.testbed.tables.alerts}
        for trade in self.testbed.tables.trades.values():
            view = self.testbed.trades.view(trade.trade_id)
            assert view is not None
            imbalance = trade_position(view.orders).imbalance
            if trade.state is TradeState.ESCALATED:
                assert trade.trade_id in alarmed
            else:
                assert trade.state in ENDED or trade.state is TradeState.OPEN
                assert abs(imbalance) * 100_000 < 5  # below the venues' minimums: dust


EXAMPLES = int(os.environ.get("ARB_EXAMPLES", "60"))
EngineMachine.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEngine = EngineMachine.TestCase


class ExchangeMachine(EngineMachine):
    """The same where trades are done with both legs: none is ever open."""

    def __init__(self) -> None:
        super().__init__()
        exchange(self.testbed)

    @invariant()
    def none_is_held(self) -> None:
        states = {trade.state for trade in self.testbed.tables.trades.values()}
        assert not states & {TradeState.OPEN, TradeState.CLOSING}
        assert all(row.order.purpose is not Purpose.EXIT for row in self.testbed.tables.orders.values())


ExchangeMachine.TestCase.settings = settings(EngineMachine.TestCase.settings, max_examples=EXAMPLES // 2)
TestExchanges = ExchangeMachine.TestCase
