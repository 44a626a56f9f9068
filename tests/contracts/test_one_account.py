"""Sessions of one account: its money, its ceilings and its kill switch are one, whoever decides."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue, client_order_id
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.trading.order import Purpose
from tests.contracts import world


def on_account(stores, account, group, environment="mock"):
    made = replace(world.session(environment=environment, group=group), accounts=world.accounts(account))
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, world.NOW_NS)
    stores.trades.book_moves(made.session_id, world.NOW_NS)
    return made


@pytest.fixture
def two(stores):
    """Two groups that trade on one account."""
    account = f"one account {next(world.numbers)}"
    return on_account(stores, account, "one"), on_account(stores, account, "two")


def attempt(stores, session, coin="BTC", **limits):
    opening = world.opening(session.session_id, coin=coin)
    return stores.trades.open_trade(
        opening.proposal, opening.orders, world.with_limits(**limits), world.NOW_NS
    )


def opened(stores, session, coin="BTC"):
    opening = world.opening(session.session_id, coin=coin)
    assert isinstance(
        stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS), Approved
    )
    return opening


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"trades_open_max": 1}, "trades_open"),
        ({"trades_open_per_coin_max": 1}, "trades_open_per_coin"),
        ({"notional_per_coin_krw_max": Decimal(2_700_000)}, "notional_per_coin"),
        ({"notional_total_krw_max": Decimal(2_700_000)}, "notional_total"),
        ({"orders_per_minute_max": 3}, "orders_per_minute"),
    ],
)
def test_what_one_session_has_open_counts_in_the_ceilings_of_the_other(stores, two, limits, reason):
    first, second = two
    opened(stores, first)
    assert attempt(stores, second, **limits) == Denied(reason)


def test_the_ceilings_of_another_account_or_mode_are_its_own(stores, two):
    first, _ = two
    opened(stores, first)
    others = (
        on_account(stores, "elsewhere", "two"),
        on_account(stores, first.accounts[Venue.UPBIT], "two", environment="paper"),
    )
    for other in others:
        assert isinstance(attempt(stores, other, trades_open_max=1), Approved)


def test_what_one_session_has_set_aside_and_then_spent_is_not_the_others(stores, two):
    first, second = two
    free = dict(stores.trades.free(second.session_id))
    opening = opened(stores, first)
    held = dict(stores.trades.free(second.session_id))
    assert held[(Venue.UPBIT, "BTC")] == free[(Venue.UPBIT, "BTC")] - Decimal("0.01")
    assert held == stores.trades.free(first.session_id)
    for order in opening.orders:
        stores.trades.claim(order.client_order_id, world.NOW_NS)
        stores.trades.record(world.filled(order), world.NOW_NS)
    spent = dict(stores.trades.free(second.session_id))
    assert spent == stores.trades.free(first.session_id)
    assert spent[(Venue.UPBIT, "BTC")] == free[(Venue.UPBIT, "BTC")] - Decimal("0.01")
    stores.trades.book_moves(second.session_id, world.NOW_NS)
    assert stores.trades.free(second.session_id) == spent  # once, whether the sweep has come by or not


def test_a_kill_of_one_session_opens_nothing_in_the_other_until_it_is_lifted(stores, two):
    first, second = two
    stores.sessions.set_mode(
        first.session_id, Mode.HALTED, f"{reason_text(Cause.KILLED)}by hand", world.NOW_NS
    )
    assert attempt(stores, second) == Denied("account_killed")
    assert attempt(stores, first) == Denied("mode_not_normal")
    stores.sessions.set_mode(first.session_id, Mode.NORMAL, reason_text(Cause.UNKILLED), world.NOW_NS)
    assert isinstance(attempt(stores, second), Approved)


def test_any_other_halt_is_of_its_session_alone(stores, two):
    first, second = two
    stores.sessions.set_mode(first.session_id, Mode.HALTED, "by hand", world.NOW_NS)
    assert isinstance(attempt(stores, second), Approved)


def test_a_killed_session_that_another_took_the_place_of_stops_nobody(stores, two):
    first, second = two
    stores.sessions.set_mode(
        first.session_id, Mode.HALTED, f"{reason_text(Cause.KILLED)}by hand", world.NOW_NS
    )
    follower = on_account(stores, first.accounts[Venue.UPBIT], "one")
    stores.sessions.take_up(follower.session_id, world.NOW_NS)
    assert isinstance(attempt(stores, second), Approved)


def test_exits_of_one_session_are_written_while_another_one_is_killed(stores, two):
    first, second = two
    opening = opened(stores, second)
    stores.sessions.set_mode(
        first.session_id, Mode.HALTED, f"{reason_text(Cause.KILLED)}by hand", world.NOW_NS
    )
    leaving = replace(
        opening.on(Venue.UPBIT),
        client_order_id=client_order_id(opening.trade.trade_id, Venue.UPBIT, 2),
        purpose=Purpose.EXIT,
    )
    stores.trades.add_orders(opening.trade, (leaving,))
    assert stores.trades.order(leaving.client_order_id) is not None
