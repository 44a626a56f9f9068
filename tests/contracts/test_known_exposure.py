"""An exposure that was read ahead serves an entry until anything is decided that a review goes by."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import event

from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import ForeignSession
from arb.domain.market.ids import Coin, Venue
from arb.domain.risk.known_exposure import AGE_NS_MAX
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Approved, Denied, Mode, review
from arb.domain.state.generation import Generation
from arb.domain.state.owner import Owner
from arb.domain.time import NS_PER_MINUTE, NS_PER_S
from arb.domain.trading.by_hand import PAUSED, CoinPause
from arb.domain.trading.order import OrderState, claimed
from arb.domain.trading.reentry import ReentryRules
from arb.domain.trading.settlement import reopened
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.backends import sql_stores

NOW_NS = world.NOW_NS
WAY = (Coin("BTC"), world.SELL_UPBIT)
LIMITS = world.with_limits(reentry=ReentryRules(pause_ns=NS_PER_MINUTE, pause_ns_max=60 * NS_PER_MINUTE))


def known(stores, session, *ways, now_ns=NOW_NS):
    return stores.trades.known_exposure(session.session_id, ways or (WAY,), now_ns)


def enter(stores, session, by, limits=LIMITS, **values):
    opening = world.opening(session.session_id, **values)
    return reviewed(stores, opening, by, limits), opening


def reviewed(stores, opening, by, limits=LIMITS):
    """Return what becomes of an entry that is reviewed by what is known, as `HandOff` does."""
    verdict = None if by is None else review(opening.proposal, limits, by.exposure)
    if isinstance(verdict, Denied):
        return verdict
    if verdict is not None and stores.trades.open_reviewed(verdict, opening.orders, by):
        return verdict
    return stores.trades.open_trade(opening.proposal, opening.orders, limits, NOW_NS)


def test_it_is_what_the_review_reads(stores, session):
    opened = enter(stores, session, None)[1]
    lost(stores, session)
    found = known(stores, session, WAY, (Coin("ETH"), world.BUY_UPBIT))
    assert found.exposure.mode is Mode.NORMAL
    assert found.exposure.trades_open_by_coin == {"BTC": 1}
    assert found.exposure.notional_total_krw == opened.trade.notional_krw
    assert found.exposure.losses[WAY].in_a_row == 1
    assert found.ways == {WAY, (Coin("ETH"), world.BUY_UPBIT)}


def test_an_entry_goes_by_it_with_its_claims_events_and_holds(stores, session):
    opening = world.opening(session.session_id)
    orders = tuple(claimed(order, NOW_NS) for order in opening.orders)
    free = stores.trades.free(session.session_id)
    assert stores.trades.open_reviewed(Approved(opening.proposal), orders, known(stores, session))
    view = stores.trades.view(opening.trade.trade_id)
    assert {order.state for order in view.orders} == {OrderState.SUBMITTED}
    assert stores.trades.free(session.session_id) != free
    assert stores.trades.session_view(session.session_id, (Coin("BTC"),)).trades == (view,)


def test_of_two_entries_by_the_same_the_second_is_reviewed_anew(stores, session):
    seen, limits = known(stores, session), replace(LIMITS, trades_open_max=1)
    assert isinstance(enter(stores, session, seen, limits)[0], Approved)
    assert enter(stores, session, seen, limits)[0] == Denied("trades_open")
    assert enter(stores, session, known(stores, session), limits)[0] == Denied("trades_open")


def added(stores, session, coin, direction):
    """Return what an entry adds to what was read, and what is read after it."""
    ways = (WAY, (Coin(coin), direction))
    seen = known(stores, session, *ways)
    verdict, opening = enter(stores, session, seen, coin=coin, direction=direction)
    assert isinstance(verdict, Approved)
    return seen.with_entry(opening.proposal), known(stores, session, *ways)


@pytest.mark.parametrize("coin", ["BTC", "ETH"])
@pytest.mark.parametrize("direction", [world.SELL_UPBIT, world.BUY_UPBIT])
def test_what_an_entry_adds_is_what_is_read_after_it(stores, session, coin, direction):
    enter(stores, session, None, direction=world.BUY_UPBIT)
    by_adding, by_reading = added(stores, session, coin, direction)
    assert by_adding.exposure == by_reading.exposure


def test_that_holds_on_shared_accounts_and_for_the_first_entry(stores):
    own, other = beside(stores, f"shared-{next(world.numbers)}")
    for _ in range(2):
        by_adding, by_reading = added(stores, own, "BTC", world.SELL_UPBIT)
        assert by_adding.exposure == by_reading.exposure
        enter(stores, other, None)


def test_the_next_entry_goes_by_what_one_has_added_unless_something_else_was_decided(stores, session):
    seen = known(stores, session)
    opened = enter(stores, session, seen)[1]
    after = seen.with_entry(opened.proposal)
    opening = world.opening(session.session_id)
    assert stores.trades.open_reviewed(Approved(opening.proposal), opening.orders, after)
    enter(stores, session, None)
    after = after.with_entry(opening.proposal)
    opening = world.opening(session.session_id)
    assert not stores.trades.open_reviewed(Approved(opening.proposal), opening.orders, after)


@pytest.mark.integration
def test_a_mark_that_is_one_more_is_ours(engine):
    stores = sql_stores(engine)
    own, other = beside(stores, f"shared-{next(world.numbers)}")
    enter(stores, other, None)
    by_adding, by_reading = added(stores, own, "BTC", world.SELL_UPBIT)
    assert by_adding == by_reading


@pytest.mark.integration
def test_senders_are_told_while_the_server_works_on_it(engine):
    stores, told = sql_stores(engine), []
    session = opened_session(stores, world.session())
    opening = world.opening(session.session_id)

    def meanwhile() -> None:
        told.append(stores.trades.view(opening.trade.trade_id))

    seen = known(stores, session)
    assert stores.trades.open_reviewed(Approved(opening.proposal), opening.orders, seen, meanwhile)
    assert len(told) == 1


def test_the_same_attempt_again_is_the_trade_that_is_there(stores, session):
    seen = known(stores, session)
    verdict, opening = enter(stores, session, seen)
    assert isinstance(verdict, Approved)
    assert not verdict.was_there
    assert not stores.trades.open_reviewed(verdict, opening.orders, seen)
    assert reviewed(stores, opening, seen).was_there


def opened_session(stores, session):
    """Return a session with money on both venues."""
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, NOW_NS)
    return session


def lost(stores, session, **values):
    """Have a pair be closed at a loss a moment ago."""
    opening = enter(stores, session, None, **values)[1]
    over = replace(opening.trade, state=TradeState.CLOSED, reason="stop_loss", pnl_krw=Decimal(-1))
    stores.trades.add_orders(replace(over, closed_at_ns=NOW_NS, updated_at_ns=NOW_NS), ())


def losing_exit(stores, session):
    opening = enter(stores, session, None)[1]
    return lambda: stores.trades.add_orders(
        replace(opening.trade, state=TradeState.CLOSING, reason="stop_loss", updated_at_ns=NOW_NS), ()
    )


def generation(session):
    return Generation(session_id=session.session_id, number=1, settings={}, frozen_at_ns=NOW_NS, why="new")


DECISIONS = {
    "mode": (lambda each: each[0].sessions.set_mode(each[1].session_id, Mode.REDUCE_ONLY, "test", NOW_NS),
             "mode_not_normal"),
    "change of mode": (lambda each: each[0].sessions.change_mode(each[1], Mode.HALTED, "test", NOW_NS),
                       "mode_not_normal"),
    "settings": (lambda each: each[0].sessions.begin_generation(generation(each[1])), "settings_outdated"),
    "losing close": (lambda each: lost(*each), "reentry_pause"),
}  # fmt: skip


@pytest.mark.parametrize("name", DECISIONS)
def test_what_was_decided_since_counts(stores, session, name):
    decide, reason = DECISIONS[name]
    enter(stores, session, None)  # so that there is a mark
    seen = known(stores, session)
    decide((stores, session))
    verdict, opening = enter(stores, session, seen)
    assert verdict == Denied(reason)
    assert stores.trades.view(opening.trade.trade_id) is None


def test_a_pause_and_its_end_count(stores):
    group = f"group-{next(world.numbers)}"
    session = opened_session(stores, world.session(group=group))
    seen = known(stores, session)
    stores.by_hand.pause(session.session_id, CoinPause(coin=Coin("BTC"), since_ns=NOW_NS, by="me", reason=""))
    assert enter(stores, session, seen)[0] == Denied(PAUSED)
    assert enter(stores, session, known(stores, session))[0] == Denied(PAUSED)
    stores.by_hand.resume(session.session_id, Coin("BTC"), "me", NOW_NS)
    assert isinstance(enter(stores, session, known(stores, session))[0], Approved)


def test_an_exit_that_will_lose_counts_before_it_is_over(stores, session):
    close = losing_exit(stores, session)
    seen = known(stores, session)
    close()
    assert enter(stores, session, seen)[0] == Denied("reentry_pause")


def test_a_trade_at_rest_that_is_looked_at_again_counts(stores, session):
    limits = replace(LIMITS, trades_open_max=1)
    opening = enter(stores, session, None)[1]
    ended = replace(opening.trade, state=TradeState.ABORTED, reason="no_fill", closed_at_ns=NOW_NS)
    at_rest = stores.trades.add_orders(ended, ())
    seen = known(stores, session)
    stores.trades.add_orders(reopened(at_rest, NOW_NS), ())
    assert enter(stores, session, seen, limits)[0] == Denied("trades_open")


def beside(stores, name):
    """Return two sessions in use on accounts of that name."""
    made = []
    for group in ("one", "two"):
        session = replace(world.session(group=group), accounts=world.accounts(name))
        made.append(opened_session(stores, session))
    return made


def test_what_another_session_of_the_accounts_decides_counts(stores):
    own, other = beside(stores, f"shared-{next(world.numbers)}")
    limits = replace(LIMITS, trades_open_max=1)
    seen = known(stores, own)
    assert isinstance(enter(stores, other, None, limits)[0], Approved)
    assert enter(stores, own, seen, limits)[0] == Denied("trades_open")


def test_a_kill_of_another_session_of_the_accounts_counts(stores):
    own, other = beside(stores, f"shared-{next(world.numbers)}")
    seen = known(stores, own)
    stores.sessions.set_mode(other.session_id, Mode.HALTED, reason_text(Cause.KILLED, "test"), NOW_NS)
    assert enter(stores, own, seen)[0] == Denied("account_killed")


def test_a_session_that_comes_to_share_the_accounts_counts(stores):
    name = f"shared-{next(world.numbers)}"
    own = opened_session(stores, replace(world.session(), accounts=world.accounts(name)))
    other = opened_session(stores, world.session(group="other"))
    enter(stores, other, None)
    seen = known(stores, own)
    stores.sessions.name_accounts(other.session_id, world.accounts(name))
    assert enter(stores, own, seen, replace(LIMITS, trades_open_max=1))[0] == Denied("trades_open")


def test_the_view_of_a_session_says_when_something_was_decided(stores, session):
    def mark():
        return stores.trades.session_view(session.session_id, (Coin("BTC"),)).mark

    assert mark() == known(stores, session).own_mark
    enter(stores, session, known(stores, session))
    assert mark() == known(stores, session).own_mark


def test_the_view_of_a_session_is_of_all_coins_where_none_are_named(stores, session):
    opened = {coin: enter(stores, session, None, coin=coin)[1] for coin in ("BTC", "ETH")}
    named = [stores.trades.session_view(session.session_id, (Coin(coin),)).trades for coin in opened]
    everything = stores.trades.session_view(session.session_id, None)
    assert {view.trade.trade_id for view in everything.trades} == {
        opening.trade.trade_id for opening in opened.values()
    }
    assert sorted(sum(named, ()), key=str) == sorted(everything.trades, key=str)
    assert stores.trades.session_view("nobody", None) is None


def test_it_serves_for_a_moment_and_for_what_it_was_read_for(stores, session):
    seen = known(stores, session)
    assert seen.serves(WAY, NOW_NS)
    assert seen.serves(WAY, NOW_NS + AGE_NS_MAX - 1)
    assert not seen.serves(WAY, NOW_NS + AGE_NS_MAX)
    assert not seen.serves(WAY, NOW_NS - NS_PER_S)
    assert not seen.serves((Coin("ETH"), world.SELL_UPBIT), NOW_NS)


@pytest.mark.integration
def test_many_at_once_by_the_same_open_no_more_than_may_be(database_url):
    engine = make_engine(database_url, Pool(size=8))
    try:
        stores = sql_stores(engine)
        session = opened_session(stores, world.session())
        seen, limits = known(stores, session), replace(LIMITS, trades_open_max=3)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: enter(stores, session, seen, limits)[0], range(16)))
        assert sum(isinstance(each, Approved) for each in found) == 3
        assert known(stores, session).exposure.trades_open == 3
    finally:
        engine.dispose()


@pytest.mark.integration
def test_its_commit_is_one_round_trip(engine):
    stores = sql_stores(engine)
    session = opened_session(stores, world.session())
    enter(stores, session, known(stores, session))  # prepares
    seen, statements, commits = known(stores, session), [], []
    event.listen(engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    event.listen(engine, "commit", commits.append)
    opening = world.opening(session.session_id)
    assert stores.trades.open_reviewed(Approved(opening.proposal), opening.orders, seen)
    assert (len(statements), commits) == (1, [])
    assert stores.trades.view(opening.trade.trade_id) is not None


@pytest.mark.integration
def test_nobody_reads_it_for_a_session_of_somebody_else(engine):
    session = replace(world.session(), accounts=world.accounts(f"mine-{next(world.numbers)}"))
    sql_stores(engine).sessions.create(session)
    foreign = Owner(environment="paper", accounts=dict.fromkeys((Venue.UPBIT, Venue.BINANCE), ""))
    with pytest.raises(ForeignSession):
        SqlTradeStore(acting_for(engine, foreign)).known_exposure(session.session_id, (WAY,), NOW_NS)
