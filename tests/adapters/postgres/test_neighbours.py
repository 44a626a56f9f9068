"""Groups that trade side by side on one account: each has the venues' balances in its own books."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from arb.adapters.postgres import neighbours
from arb.adapters.postgres.engine import make_engine, reading, transaction
from arb.adapters.postgres.exposure import ALONE_TO_DECIDE
from arb.adapters.redis.client import connect
from arb.chaos.state import book
from arb.chaos.state.testbed import StateTestbed
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.trading.order import Purpose

pytestmark = pytest.mark.integration
ACCOUNTS = iter(range(1_000))


@pytest.fixture
def ground(database_url, redis_url):
    database = make_engine(database_url)
    with connect(redis_url) as client:
        yield StateTestbed(database=database, client=client)
    database.dispose()


@pytest.fixture
def account():
    return f"account-{next(ACCOUNTS)}"


@pytest.fixture
def pair(ground, account):
    """Two groups of one account, the second one opened beside the first."""
    first = ground.begin("one", account)
    book.open_books(ground, first)
    book.hedged(ground, first, "BTC")
    second = ground.begin("two", account)
    assert ground.trades.open_beside(second, ground.clock.now_ns())
    return first, second


def book_all(ground, *sessions):
    for session_id in sessions:
        ground.trades.book_moves(session_id, ground.clock.now_ns())


def test_a_group_opens_with_what_the_other_ones_books_say(ground, pair):
    first, second = pair
    assert ground.trades.balances(second) == ground.trades.balances(first)
    assert ground.trades.open_beside(second, ground.clock.now_ns())
    assert ground.trades.balances(second) == ground.trades.balances(first)


def test_what_others_moved_is_booked_once_and_never_back(ground, pair):
    first, second = pair
    book.hedged(ground, first, "BTC")
    book.hedged(ground, second, "ETH")
    assert ground.trades.balances(first) != ground.trades.balances(second)
    book_all(ground, second, first, second, first)
    held = ground.trades.balances(first)
    assert held == ground.trades.balances(second)
    book_all(ground, first, second)
    assert ground.trades.balances(first) == held


def test_what_is_not_booked_yet_is_told(ground, pair):
    first, second = pair
    before = ground.trades.balances(second)
    book.hedged(ground, first, "BTC")
    with reading(ground.database) as connection:
        unbooked = neighbours.unbooked(connection, second)
    book_all(ground, second)
    after = ground.trades.balances(second)
    assert unbooked == {key: after[key] - before[key] for key in unbooked}
    assert (Venue.UPBIT, "KRW") in unbooked
    with reading(ground.database) as connection:
        assert neighbours.unbooked(connection, second) == {}


def test_a_third_group_starts_where_the_one_it_opens_beside_is(ground, account, pair):
    first, second = pair
    book.hedged(ground, first, "BTC")
    book.hedged(ground, second, "BTC")  # the newest books, without the first one's last trade
    third = ground.begin("three", account)
    assert ground.trades.open_beside(third, ground.clock.now_ns())
    book.hedged(ground, third, "BTC")
    book_all(ground, first, second, third)
    assert ground.trades.balances(first) == ground.trades.balances(second) == ground.trades.balances(third)


def test_another_account_is_no_neighbour(ground, pair):
    first, _ = pair
    stranger = ground.begin("two-of-another", "elsewhere")
    assert not ground.trades.open_beside(stranger, ground.clock.now_ns())
    book.open_books(ground, stranger)
    held = ground.trades.balances(stranger)
    book.hedged(ground, first, "BTC")
    book_all(ground, stranger)
    assert ground.trades.balances(stranger) == held


def test_a_kept_session_of_the_same_group_is_no_neighbour(ground, account):
    old = ground.begin("one", account)
    book.open_books(ground, old)
    new = ground.begin("one", account)
    assert not ground.trades.open_beside(new, ground.clock.now_ns())


def test_what_another_group_has_on_hold_is_not_free(ground, pair):
    first, second = pair
    before = ground.trades.free(second)
    trade = book.new_trade(ground, first, "BTC")
    book.write(ground, trade, book.legs(trade))
    after = ground.trades.free(second)
    assert {key for key in before if after[key] != before[key]} == {
        (Venue.UPBIT, "BTC"),
        (Venue.BINANCE, "USDT"),
    }
    assert after == ground.trades.free(first)


def test_orders_of_the_account_are_moving_whoever_placed_them(ground, pair):
    first, second = pair
    trade = book.half_open(ground, first, "BTC")
    repair = book.legs(trade, 2, Purpose.REPAIR)[0]
    ground.trades.add_orders(trade, (repair,))
    moving = {order.client_order_id for order in ground.trades.moving(second, ground.clock.now_ns())}
    assert repair.client_order_id in moving
    assert ground.trades.working(second) == 0


def test_the_copy_of_one_group_takes_no_trade_of_another(ground, pair):
    first, second = pair
    trade = book.hedged(ground, first, "BTC")
    keeper = ground.keeper(second)
    keeper.reload_from_snapshot()
    keeper.write([trade.trade_id])
    hot = ground.states.load(second)
    assert hot is not None
    assert hot.parts["positions"]["trades"] == []


@contextmanager
def deciding(ground, session_id):
    """Hold what a session holds while it reviews a trade."""
    with transaction(ground.database) as connection:
        for lock in ALONE_TO_DECIDE:
            lock.execute(connection, {"session_id": session_id})
        yield


def test_a_kill_waits_for_what_another_group_is_opening(ground, pair):
    first, second = pair
    with ThreadPoolExecutor(1) as pool:
        with deciding(ground, second):
            killing = pool.submit(
                ground.sessions.set_mode,
                first,
                Mode.HALTED,
                f"{reason_text(Cause.KILLED)}by hand",
                ground.clock.now_ns(),
            )
            with pytest.raises(TimeoutError):
                killing.result(timeout=0.5)
        killing.result(timeout=10)


def test_what_is_sent_and_booked_waits_for_no_decision(ground, pair):
    _, second = pair
    with deciding(ground, second):
        book.hedged(ground, second, "ETH")
