"""What no message moves, the sweep does, in time."""

from dataclasses import replace

import pytest

from arb.domain.errors import DispatchError
from arb.domain.health.alert import Alert, Severity
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import AT_VENUE, Order, OrderState
from arb.engine.trading.sweep import ENDED_NS_MAX, INTENT_NS_MAX
from tests.contracts import world
from tests.domain.markets import PAIR
from tests.engine.testbed import OVERDUE_NS, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    testbed = EngineTestbed()
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    return testbed


def swept(testbed: EngineTestbed, after_ns: int) -> list[str]:
    """Lose every message, wait, sweep; return the tasks that this sent."""
    testbed.pending.clear()
    testbed.pass_time(after_ns // NS_PER_MS)
    testbed.sweep.run()
    testbed.collect()
    return sorted(name for _, name, _ in testbed.pending)


def test_a_lost_place_message_is_sent_again_while_the_intent_lives(testbed):
    assert swept(testbed, INTENT_NS_MAX + NS_PER_MS) == ["arb.place_order"] * 2
    for _ in range(2):
        testbed.run_one(0)
    assert [sum(testbed.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]


def test_a_message_that_may_still_be_under_way_is_not_sent_again(testbed):
    assert swept(testbed, INTENT_NS_MAX - NS_PER_MS) == []


def test_a_claimed_order_is_left_to_its_sender_for_longer(testbed):
    for row in list(testbed.tables.orders):
        testbed.trades.claim(row, testbed.clock.now_ns())
    assert swept(testbed, OVERDUE_NS - NS_PER_MS) == []
    assert swept(testbed, 2 * NS_PER_MS) == ["arb.resolve_order"] * 2
    assert {row.order.state for row in testbed.tables.orders.values()} == {OrderState.SUBMITTED}


class Kept:
    """Keeps how long each message may wait."""

    def __init__(self):
        self.expiries_ms = []

    def send(self, task, *args, countdown_ms=0, expires_ms=0):
        self.expiries_ms.append(expires_ms)


def test_messages_of_a_sweep_expire_so_that_no_heap_grows_while_nobody_works():
    testbed, kept = EngineTestbed(), Kept()
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.pass_time(6_000)
    replace(testbed.sweep, dispatcher=kept).run()
    assert kept.expiries_ms and all(0 < expiry_ms <= 5_000 for expiry_ms in kept.expiries_ms)


def test_a_settlement_that_was_lost_is_asked_for_soon(testbed):
    """Who ended the last order may have died before it settled the trade."""
    testbed.die_at_ends()
    for _ in range(2):
        testbed.run_one(0)
    assert {row.order.state for row in testbed.tables.orders.values()} == {OrderState.FILLED}
    assert swept(testbed, ENDED_NS_MAX) == []
    assert swept(testbed, NS_PER_MS) == ["arb.settle_trade"]
    testbed.run_one(0)
    assert swept(testbed, 60 * NS_PER_S) == []


def test_what_became_of_an_order_is_not_known_for_a_minute_whatever_is_known_of_it():
    for state in AT_VENUE:
        testbed = EngineTestbed()
        testbed.premium(60)
        testbed.evaluate_now()
        order = claimed(testbed, state)
        assert swept(testbed, 60 * NS_PER_S) and not alarms(testbed)
        for _ in range(20):
            swept(testbed, 2 * NS_PER_S)
        (alert,) = alarms(testbed)
        assert (alert.kind, alert.subject, alert.severity) == (
            "order_unknown", order.client_order_id, Severity.CRITICAL,
        )  # fmt: skip
        assert state in alert.message


def test_an_order_that_nobody_sent_is_no_alarm(testbed):
    swept(testbed, 120 * NS_PER_S)
    assert not alarms(testbed)


def test_the_alarm_does_not_need_a_queue_that_takes_messages(testbed):
    claimed(testbed, OrderState.ACCEPTED)
    testbed.pass_time(61_000)
    with pytest.raises(DispatchError):
        replace(testbed.sweep, dispatcher=Deaf()).run()
    assert len(alarms(testbed)) == 1


class Deaf:
    """Neither broker takes anything."""

    def send(self, task, *args, countdown_ms=0, expires_ms=0):
        raise DispatchError(task)


def claimed(testbed: EngineTestbed, state: OrderState) -> Order:
    """Return an order at a venue of which so much is known."""
    order = testbed.trades.claim(next(iter(testbed.tables.orders)), testbed.clock.now_ns())
    if state is OrderState.UNKNOWN:
        testbed.trades.lose(order.client_order_id, order.fence, "timeout", testbed.clock.now_ns())
    elif state is OrderState.ACCEPTED:
        testbed.trades.record(world.report(order, state), testbed.clock.now_ns())
    elif state is OrderState.PARTIALLY_FILLED:
        testbed.trades.record(world.report(order, state, world.fill(order, "0.001")), testbed.clock.now_ns())
    found = testbed.trades.order(order.client_order_id)
    assert found.state is state
    return found


def alarms(testbed: EngineTestbed) -> list[Alert]:
    return [alert for _, alert in testbed.tables.alerts]
