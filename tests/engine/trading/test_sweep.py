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
from tests.engine.town import OVERDUE_NS, Town


@pytest.fixture
def town() -> Town:
    town = Town()
    town.premium(60)
    assert town.evaluate_now() == 1
    return town


def swept(town: Town, after_ns: int) -> list[str]:
    """Lose every message, wait, sweep; return the tasks that this sent."""
    town.pending.clear()
    town.pass_time(after_ns // NS_PER_MS)
    town.sweep.run()
    town.collect()
    return sorted(name for _, name, _ in town.pending)


def test_a_lost_place_message_is_sent_again_while_the_intent_lives(town):
    assert swept(town, INTENT_NS_MAX + NS_PER_MS) == ["arb.place_order"] * 2
    for _ in range(2):
        town.run_one(0)
    assert [sum(town.orders_at(venue).values()) for venue in PAIR.venues] == [1, 1]


def test_a_message_that_may_still_be_under_way_is_not_sent_again(town):
    assert swept(town, INTENT_NS_MAX - NS_PER_MS) == []


def test_a_claimed_order_is_left_to_its_sender_for_longer(town):
    for row in list(town.tables.orders):
        town.trades.claim(row, town.clock.now_ns())
    assert swept(town, OVERDUE_NS - NS_PER_MS) == []
    assert swept(town, 2 * NS_PER_MS) == ["arb.resolve_order"] * 2
    assert {row.order.state for row in town.tables.orders.values()} == {OrderState.SUBMITTED}


class Kept:
    """Keeps how long each message may wait."""

    def __init__(self):
        self.expiries_ms = []

    def send(self, task, *args, countdown_ms=0, expires_ms=0):
        self.expiries_ms.append(expires_ms)


def test_messages_of_a_sweep_expire_so_that_no_heap_grows_while_nobody_works():
    town, kept = Town(), Kept()
    town.premium(60)
    town.evaluate_now()
    town.pass_time(6_000)
    replace(town.sweep, dispatcher=kept).run()
    assert kept.expiries_ms and all(0 < expiry_ms <= 5_000 for expiry_ms in kept.expiries_ms)


def test_a_settlement_that_was_lost_is_asked_for_soon(town):
    """Who ended the last order may have died before it could say so."""
    for _ in range(2):
        town.run_one(0)
    assert {row.order.state for row in town.tables.orders.values()} == {OrderState.FILLED}
    assert swept(town, ENDED_NS_MAX) == []
    assert swept(town, NS_PER_MS) == ["arb.settle_trade"]
    town.run_one(0)
    assert swept(town, 60 * NS_PER_S) == []


def test_what_became_of_an_order_is_not_known_for_a_minute_whatever_is_known_of_it():
    for state in AT_VENUE:
        town = Town()
        town.premium(60)
        town.evaluate_now()
        order = claimed(town, state)
        assert swept(town, 60 * NS_PER_S) and not alarms(town)
        for _ in range(20):
            swept(town, 2 * NS_PER_S)
        (alert,) = alarms(town)
        assert (alert.kind, alert.subject, alert.severity) == (
            "order_unknown", order.client_order_id, Severity.CRITICAL,
        )  # fmt: skip
        assert state in alert.message


def test_an_order_that_nobody_sent_is_no_alarm(town):
    swept(town, 120 * NS_PER_S)
    assert not alarms(town)


def test_the_alarm_does_not_need_a_queue_that_takes_messages(town):
    claimed(town, OrderState.ACCEPTED)
    town.pass_time(61_000)
    with pytest.raises(DispatchError):
        replace(town.sweep, dispatcher=Deaf()).run()
    assert len(alarms(town)) == 1


class Deaf:
    """Neither broker takes anything."""

    def send(self, task, *args, countdown_ms=0, expires_ms=0):
        raise DispatchError(task)


def claimed(town: Town, state: OrderState) -> Order:
    """Return an order at a venue of which so much is known."""
    order = town.trades.claim(next(iter(town.tables.orders)), town.clock.now_ns())
    if state is OrderState.UNKNOWN:
        town.trades.lose(order.client_order_id, order.fence, "timeout", town.clock.now_ns())
    elif state is OrderState.ACCEPTED:
        town.trades.record(world.report(order, state), town.clock.now_ns())
    elif state is OrderState.PARTIALLY_FILLED:
        town.trades.record(world.report(order, state, world.fill(order, "0.001")), town.clock.now_ns())
    found = town.trades.order(order.client_order_id)
    assert found.state is state
    return found


def alarms(town: Town) -> list[Alert]:
    return [alert for _, alert in town.tables.alerts]
