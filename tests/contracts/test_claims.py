"""Who may send: at most one, under a fence that grows, within the intent's lifetime."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import OrderEvent, OrderState, claimed
from tests.contracts import world

NOW_NS, SECOND_NS = world.NOW_NS, NS_PER_S
FAR_NS = NOW_NS + 86_400 * SECOND_NS


@pytest.fixture
def order(stores, session):
    opening = world.opening(session.session_id)
    assert isinstance(
        stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS), Approved
    )
    return opening.on(Venue.UPBIT)


def test_a_claim_takes_the_intent_and_counts(stores, order):
    claimed = stores.trades.claim(order.client_order_id, NOW_NS + 5)
    assert claimed == replace(
        order, state=OrderState.SUBMITTED, fence=1, attempts=1, claimed_at_ns=NOW_NS + 5
    )
    assert stores.trades.order(order.client_order_id) == claimed
    assert stores.inside.events(order.client_order_id) == [("claim", "intent", "submitted", 1)]
    assert stores.inside.hold(order.client_order_id) == "reserved"


def test_eight_workers_at_once_get_one_claim(stores, order):
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: stores.trades.claim(order.client_order_id, NOW_NS), range(8)))
    assert sum(claimed is not None for claimed in won) == 1
    assert len(stores.inside.events(order.client_order_id)) == 1


def test_a_claimed_order_cannot_be_claimed_again(stores, order):
    stores.trades.claim(order.client_order_id, NOW_NS)
    assert stores.trades.claim(order.client_order_id, NOW_NS) is None


def test_an_order_nobody_knows_cannot_be_claimed(stores, session):
    assert stores.trades.claim(world.nobody(), NOW_NS) is None


@pytest.mark.parametrize(("late_ns", "expires"), [(-1, False), (0, True), (1, True)])
def test_an_intent_past_its_lifetime_expires_instead(stores, order, late_ns, expires):
    claimed = stores.trades.claim(order.client_order_id, order.expires_at_ns + late_ns)
    assert claimed == stores.trades.order(order.client_order_id)
    assert claimed.state is (OrderState.EXPIRED if expires else OrderState.SUBMITTED)
    assert stores.inside.hold(order.client_order_id) == ("voided" if expires else "reserved")


def test_expiring_twice_is_one_event(stores, order):
    claims = [stores.trades.claim(order.client_order_id, order.expires_at_ns) for _ in range(2)]
    assert claims == [stores.trades.order(order.client_order_id), None], "who ended it is told so"
    assert stores.inside.events(order.client_order_id) == [("expire", "intent", "expired", 0)]
    assert stores.trades.order(order.client_order_id).reason == "lifetime"


def test_a_released_intent_is_claimed_again_under_the_next_fence(stores, order):
    first = stores.trades.claim(order.client_order_id, NOW_NS)
    assert stores.trades.release(order.client_order_id, first.fence, "429", NOW_NS + 1)
    second = stores.trades.claim(order.client_order_id, NOW_NS + 2)
    assert (second.fence, second.attempts, second.claimed_at_ns) == (2, 2, NOW_NS + 2)


@pytest.mark.parametrize("verb", ["release", "lose"])
def test_a_stale_fence_changes_nothing(stores, order, verb):
    first = stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.release(order.client_order_id, first.fence, "429", NOW_NS)
    second = stores.trades.claim(order.client_order_id, NOW_NS)
    assert getattr(stores.trades, verb)(order.client_order_id, first.fence, "late", NOW_NS) is False
    assert stores.trades.order(order.client_order_id) == second
    assert len(stores.inside.events(order.client_order_id)) == 3


@pytest.mark.parametrize("verb", ["release", "lose"])
def test_a_report_that_came_first_wins(stores, order, verb):
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    recorded = stores.trades.record(world.report(order, OrderState.ACCEPTED), NOW_NS)
    assert getattr(stores.trades, verb)(order.client_order_id, claimed.fence, "late", NOW_NS) is False
    assert stores.trades.order(order.client_order_id) == recorded


@pytest.mark.parametrize("verb", ["release", "lose"])
def test_an_order_nobody_knows_is_nobodys_to_give_up(stores, session, verb):
    assert getattr(stores.trades, verb)(world.nobody(), 1, "why", NOW_NS) is False


def test_a_lost_order_is_unknown_and_keeps_its_hold(stores, order):
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    assert stores.trades.lose(order.client_order_id, claimed.fence, "timeout", NOW_NS)
    found = stores.trades.order(order.client_order_id)
    assert (found.state, found.reason) == (OrderState.UNKNOWN, "timeout")
    assert stores.inside.hold(order.client_order_id) == "reserved"
    assert stores.trades.claim(order.client_order_id, NOW_NS) is None


def test_overdue_orders_are_those_that_did_not_move(stores, session, order):
    other = next(
        item.client_order_id
        for view in stores.trades.active(session.session_id)
        for item in view.orders
        if item.client_order_id != order.client_order_id
    )
    stores.trades.claim(order.client_order_id, NOW_NS + SECOND_NS)
    found = stores.trades.overdue(session.session_id, NOW_NS + SECOND_NS, FAR_NS)
    ids = [item.client_order_id for item in found]
    assert ids == [other]
    later = stores.trades.overdue(session.session_id, NOW_NS + SECOND_NS + 1, FAR_NS)
    assert [item.client_order_id for item in later] == [other, order.client_order_id]
    stores.trades.claim(other, NOW_NS + 10 * SECOND_NS)  # expires
    assert len(stores.trades.overdue(session.session_id, NOW_NS + 20 * SECOND_NS, FAR_NS)) == 1
    assert stores.trades.working(session.session_id) == 1


def test_what_is_stamped_ahead_was_written_before_the_clock_was_set_back_and_is_overdue(
    stores, session, order
):
    hour_ns = 3_600 * SECOND_NS
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.lose(order.client_order_id, claimed.fence, "timeout", NOW_NS + hour_ns)

    def overdue(ahead_ns):
        found = stores.trades.overdue(session.session_id, NOW_NS - hour_ns, ahead_ns)
        return [item.client_order_id for item in found]

    assert overdue(NOW_NS + SECOND_NS) == [order.client_order_id]
    assert overdue(NOW_NS + hour_ns) == []


def test_an_intent_from_before_the_clock_was_set_back_is_not_sent(stores, session, order):
    """Its price may be as old as the clock was ahead."""
    expired = stores.trades.claim(order.client_order_id, NOW_NS - 3_600 * SECOND_NS)
    assert expired.state is OrderState.EXPIRED
    assert stores.inside.hold(order.client_order_id) == "voided"


def test_an_intent_of_a_machine_that_is_a_little_ahead_is_sent(stores, order):
    assert stores.trades.claim(order.client_order_id, NOW_NS - 400_000_000).state is OrderState.SUBMITTED


def test_what_is_live_is_so_whatever_its_stamp(stores, session, order):
    assert len(stores.trades.live(session.session_id)) == 2
    stores.trades.deny(order.client_order_id, "test", NOW_NS)
    [left] = stores.trades.live(session.session_id)
    assert left.client_order_id != order.client_order_id


def test_news_are_movement_and_no_news_are_not(stores, session, order):
    def overdue(before_ns):
        found = stores.trades.overdue(session.session_id, before_ns, FAR_NS)
        return order.client_order_id in [item.client_order_id for item in found]

    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.lose(order.client_order_id, claimed.fence, "timeout", NOW_NS + 5)
    assert (overdue(NOW_NS + 5), overdue(NOW_NS + 6)) == (False, True)
    stores.trades.record(world.report(order, OrderState.ACCEPTED), NOW_NS + 10)
    assert (overdue(NOW_NS + 10), overdue(NOW_NS + 11)) == (False, True)
    stores.trades.record(world.report(order, OrderState.ACCEPTED), NOW_NS + 20)
    assert overdue(NOW_NS + 11)


@pytest.fixture
def handed(stores, session):
    """A pair that was written with its claims."""
    opening = world.opening(session.session_id)
    orders = tuple(claimed(each, NOW_NS + 5) for each in opening.orders)
    verdict = stores.trades.open_trade(opening.proposal, orders, world.LIMITS, NOW_NS)
    assert isinstance(verdict, Approved) and not verdict.was_there
    return opening, orders


def test_a_pair_may_be_written_with_its_claims(stores, handed):
    _, orders = handed
    for order in orders:
        assert order.state is OrderState.SUBMITTED
        assert stores.trades.order(order.client_order_id) == order
        assert stores.inside.events(order.client_order_id) == [("claim", "intent", "submitted", 1)]
        assert stores.inside.hold(order.client_order_id) == "reserved"


def test_nobody_else_claims_what_was_written_with_its_claim(stores, handed):
    _, orders = handed
    assert stores.trades.claim(orders[0].client_order_id, NOW_NS + 6) is None


def test_a_claim_that_was_written_may_be_given_back_and_the_next_fence_is_another(stores, handed):
    _, (order, _) = handed
    assert stores.trades.release(order.client_order_id, order.fence, "not sent", NOW_NS + 6)
    again = stores.trades.claim(order.client_order_id, NOW_NS + 7)
    assert (again.fence, again.attempts) == (2, 2)
    assert not stores.trades.reject(order.client_order_id, order.fence, OrderEvent.REJECT, "late", NOW_NS + 8)


def test_who_writes_a_pair_again_is_told_that_it_was_there(stores, handed):
    opening, orders = handed
    verdict = stores.trades.open_trade(opening.proposal, orders, world.LIMITS, NOW_NS)
    assert isinstance(verdict, Approved) and verdict.was_there
    for order in orders:
        assert stores.inside.events(order.client_order_id) == [("claim", "intent", "submitted", 1)]


def test_orders_of_a_trade_may_be_written_with_their_claims(stores, handed):
    opening, _ = handed
    more = claimed(world.exit_intent(opening.trade, Venue.UPBIT, 2), NOW_NS + 9)
    stores.trades.add_orders(opening.trade, (more,))
    assert stores.trades.order(more.client_order_id) == more
    assert stores.inside.events(more.client_order_id) == [("claim", "intent", "submitted", 1)]
