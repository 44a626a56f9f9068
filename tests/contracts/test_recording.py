"""What a venue reports is booked once, whatever comes twice, late or in another order."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from arb.domain.errors import DataError, IllegalTransition, InvariantError
from arb.domain.ledger.ledger import totals
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from tests.contracts import world
from tests.contracts.backends import sums

NOW_NS = world.NOW_NS


def opened(stores, session, direction=world.SELL_UPBIT):
    opening = world.opening(session.session_id, direction=direction)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    for order in opening.orders:
        assert stores.trades.claim(order.client_order_id, NOW_NS)
    return opening


@pytest.fixture
def order(stores, session):
    """A claimed sale of 0.01 BTC on Upbit."""
    return opened(stores, session).on(Venue.UPBIT)


@pytest.fixture(params=["read", "as it is", "as it was when first told of"])
def record(request, stores):
    """Record a report of an order that its caller does not know, knows, or knew."""
    first = {}

    def recorded(report, now_ns):
        known = stores.trades.order(report.client_order_id)
        before = first.setdefault(report.client_order_id, known)
        told = {"read": None, "as it is": known}.get(request.param, before)
        return stores.trades.record(report, now_ns, told)

    return recorded


def books_are_even(stores, session):
    postings = stores.inside.postings(session.session_id)
    balances = stores.inside.balances(session.session_id)
    return set(totals(postings).values()) == {0} and sums(postings) == balances


def test_a_fill_moves_base_quote_and_fee(stores, session, order, record):
    before = stores.trades.balances(session.session_id)
    recorded = record(world.filled(order), NOW_NS)
    assert recorded.state is OrderState.FILLED
    assert stores.trades.order(order.client_order_id) == recorded
    after = stores.trades.balances(session.session_id)
    moved = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert moved == {
        (Venue.UPBIT, "BTC"): Decimal("-0.01"),
        (Venue.UPBIT, "KRW"): Decimal("1400000") - Decimal("700"),
    }
    assert stores.inside.balances(session.session_id)["fees:upbit", "KRW"] == 700
    assert books_are_even(stores, session)


def test_the_same_report_twice_is_booked_once(stores, session, order, record):
    report = world.filled(order)
    first = record(report, NOW_NS)
    balances = stores.trades.balances(session.session_id)
    assert record(report, NOW_NS + 1) == first
    assert stores.trades.balances(session.session_id) == balances
    assert len(stores.inside.events(order.client_order_id)) == 2


def test_the_same_report_from_eight_workers_is_booked_once(stores, session, order, record):
    report = world.filled(order)
    with ThreadPoolExecutor(8) as pool:
        recorded = list(pool.map(lambda _: record(report, NOW_NS), range(8)))
    assert len(set(recorded)) == 1
    assert len(stores.inside.events(order.client_order_id)) == 2
    assert books_are_even(stores, session)


def test_many_legs_at_once_do_not_wait_for_each_other_forever(stores, session, record):
    openings = [opened(stores, session) for _ in range(6)]
    reports = [world.filled(order) for opening in openings for order in opening.orders]
    with ThreadPoolExecutor(8) as pool:
        recorded = list(pool.map(lambda report: record(report, NOW_NS), reports * 2))
    assert {order.state for order in recorded} == {OrderState.FILLED}
    assert books_are_even(stores, session)


def test_a_fill_after_a_cancel_is_booked_and_posts_the_hold(stores, session, order, record):
    record(world.report(order, OrderState.CANCELED), NOW_NS)
    assert stores.inside.hold(order.client_order_id) == "voided"
    late = record(world.report(order, OrderState.PARTIALLY_FILLED, world.fill(order, "0.004")), NOW_NS)
    assert (late.state, late.filled_quantity) == (OrderState.CANCELED, Decimal("0.004"))
    assert stores.inside.hold(order.client_order_id) == "posted"
    rest = record(world.report(order, OrderState.FILLED, *late.fills, world.fill(order, "0.006")), NOW_NS)
    assert rest.state is OrderState.FILLED
    assert books_are_even(stores, session)


def test_a_partial_fill_keeps_the_hold_until_the_end(stores, session, order, record):
    part = world.fill(order, "0.003")
    record(world.report(order, OrderState.PARTIALLY_FILLED, part), NOW_NS)
    assert stores.inside.hold(order.client_order_id) == "reserved"
    record(world.report(order, OrderState.CANCELED, part), NOW_NS)
    assert stores.inside.hold(order.client_order_id) == "posted"


@pytest.mark.parametrize("status", [OrderState.REJECTED, OrderState.CANCELED, OrderState.EXPIRED])
def test_an_end_without_a_fill_voids_the_hold(stores, order, status, record):
    recorded = record(world.report(order, status, reason="no"), NOW_NS)
    assert (recorded.state, recorded.reason) == (status, "no")
    assert stores.inside.hold(order.client_order_id) == "voided"


def test_a_report_of_an_order_that_is_not_ours_is_refused(stores, session, record):
    opening = world.opening(session.session_id)  # never written
    with pytest.raises(DataError) as caught:
        record(world.filled(opening.on(Venue.UPBIT)), NOW_NS)
    assert caught.value.reason == "order_not_ours"


def test_an_illegal_report_raises_and_changes_nothing(stores, session, order, record):
    rejected = record(world.report(order, OrderState.REJECTED), NOW_NS)
    balances = stores.trades.balances(session.session_id)
    with pytest.raises(IllegalTransition):
        record(world.filled(order), NOW_NS)
    assert stores.trades.order(order.client_order_id) == rejected
    assert stores.trades.balances(session.session_id) == balances


def test_a_fill_of_another_order_is_a_bug_and_changes_nothing(stores, session, order, record):
    fill = world.fill(order)
    record(world.report(order, OrderState.FILLED, fill), NOW_NS)
    other = opened(stores, session).on(Venue.UPBIT)
    balances = stores.trades.balances(session.session_id)
    with pytest.raises(InvariantError):
        record(world.report(other, OrderState.FILLED, fill), NOW_NS)
    assert stores.trades.order(other.client_order_id).state is OrderState.SUBMITTED
    assert stores.trades.balances(session.session_id) == balances


def test_two_venues_may_use_the_same_fill_id(stores, session, record):
    opening = opened(stores, session)
    upbit, binance = opening.on(Venue.UPBIT), opening.on(Venue.BINANCE)
    fill = world.fill(upbit)
    record(world.report(upbit, OrderState.FILLED, fill), NOW_NS)
    assert record(world.report(binance, OrderState.FILLED, fill), NOW_NS).fills == (fill,)


def test_absence_ends_an_unknown_order_once(stores, order):
    stores.trades.lose(order.client_order_id, 1, "timeout", NOW_NS)
    ended = stores.trades.absent(order.client_order_id, "not found twice", NOW_NS)
    assert (ended.state, ended.reason) == (OrderState.EXPIRED, "not found twice")
    assert stores.trades.absent(order.client_order_id, "again", NOW_NS) == ended
    assert stores.inside.hold(order.client_order_id) == "voided"
    assert len(stores.inside.events(order.client_order_id)) == 3


def test_absence_against_better_knowledge_raises_and_changes_nothing(stores, order, record):
    recorded = record(world.filled(order), NOW_NS)
    with pytest.raises(IllegalTransition):
        stores.trades.absent(order.client_order_id, "not found", NOW_NS)
    assert stores.trades.order(order.client_order_id) == recorded


def test_absence_of_an_order_that_is_not_ours_is_refused(stores, session):
    with pytest.raises(DataError):
        stores.trades.absent(world.nobody(), "not found", NOW_NS)


def test_a_fee_in_a_third_asset_is_booked_there(stores, session, record):
    order = opened(stores, session, world.BUY_UPBIT).on(Venue.BINANCE)
    fill = world.fill(order)
    bnb = type(fill)(
        **{name: getattr(fill, name) for name in fill.__slots__}
        | {"fee": Decimal("0.00000123"), "fee_asset": "BNB"}
    )
    record(world.report(order, OrderState.FILLED, bnb), NOW_NS)
    balances = stores.inside.balances(session.session_id)
    assert balances["venue:binance", "BNB"] == Decimal("-0.00000123")
    assert balances["fees:binance", "BNB"] == Decimal("0.00000123")
    assert books_are_even(stores, session)


def test_an_entry_is_booked_once_by_its_key(stores, session):
    entry = world.openings(session.session_id)[0]
    before = stores.inside.balances(session.session_id)
    assert stores.trades.book_entry(session.session_id, entry, NOW_NS) is False
    assert stores.inside.balances(session.session_id) == before
