"""Two pairs at one venue: they share the money, ceilings and losses of that account, and nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.trading.trade import TradeState
from tests.contracts import world


def session_on(stores, group, upbit, binance):
    accounts = {Venue.UPBIT: upbit, Venue.BINANCE: binance}
    made = replace(world.session(group=group), accounts=accounts)
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, world.NOW_NS)
    return made


@pytest.fixture
def three(stores):
    """Two sessions that share Upbit, and a third one that shares Binance with the second."""
    name = f"shared {next(world.numbers)}"
    return (
        session_on(stores, "one", f"{name} u", f"{name} b"),
        session_on(stores, "two", f"{name} u", f"{name} c"),
        session_on(stores, "three", f"{name} v", f"{name} c"),
    )


def attempt(stores, session, **limits):
    opening = world.opening(session.session_id)
    limit = world.with_limits(**limits)
    return stores.trades.open_trade(opening.proposal, opening.orders, limit, world.NOW_NS)


def close(stores, session, pnl_krw):
    opening = world.opening(session.session_id)
    verdict = stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    assert isinstance(verdict, Approved)
    ended = {"state": TradeState.CLOSED, "closed_at_ns": world.NOW_NS, "pnl_krw": Decimal(pnl_krw)}
    stores.trades.add_orders(replace(opening.trade, **ended), ())


def test_money_is_set_aside_once_where_it_is_shared_and_only_there(stores, three):
    first, second, third = (session.session_id for session in three)
    before = {each: dict(stores.trades.free(each)) for each in (first, second, third)}
    assert isinstance(attempt(stores, three[0]), Approved)  # sells at Upbit, buys at Binance
    coin, cash = (Venue.UPBIT, "BTC"), (Venue.BINANCE, "USDT")
    assert stores.trades.free(second)[coin] == before[second][coin] - Decimal("0.01")
    assert stores.trades.free(second)[cash] == before[second][cash]
    assert dict(stores.trades.free(third)) == before[third]


def test_ceilings_count_what_is_open_on_each_account(stores, three):
    first, second, third = three
    assert isinstance(attempt(stores, first), Approved)
    assert attempt(stores, second, trades_open_max=1) == Denied("trades_open")
    assert isinstance(attempt(stores, third, trades_open_max=1), Approved)
    assert isinstance(attempt(stores, second, trades_open_per_coin_max=2), Approved)


def test_a_loss_counts_at_both_accounts_and_is_not_made_up_for_at_the_other_one(stores, three):
    first, second, third = three
    close(stores, first, "-2000000")
    close(stores, third, "5000000")
    assert attempt(stores, second) == Denied("daily_loss")
    assert attempt(stores, first) == Denied("daily_loss")
    assert isinstance(attempt(stores, third), Approved)


def test_a_kill_holds_on_every_account_of_its_session(stores, three):
    first, second, third = three
    stores.sessions.set_mode(
        second.session_id, Mode.HALTED, f"{reason_text(Cause.KILLED)}by hand", world.NOW_NS
    )
    assert attempt(stores, first) == Denied("account_killed")
    assert attempt(stores, third) == Denied("account_killed")
