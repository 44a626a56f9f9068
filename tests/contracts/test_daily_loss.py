"""What was lost within 24 hours counts, at any time of day, whichever session of the account lost it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.risk.review import Approved, Denied
from arb.domain.time import NS_PER_DAY, NS_PER_S
from arb.domain.trading.trade import TradeState
from tests.contracts import world

MIDNIGHT_NS = world.NOW_NS - world.NOW_NS % NS_PER_DAY + NS_PER_DAY
LIMITS = world.with_limits(daily_loss_krw_max=Decimal(100_000))


def on_account(stores, account, environment="mock"):
    made = replace(world.session(environment=environment), accounts=world.accounts(account))
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, world.NOW_NS)
    return made


def lose(stores, session, at_ns, krw="100000"):
    opening = world.opening(session.session_id, now_ns=at_ns)
    assert isinstance(
        stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, at_ns), Approved
    )
    lost = replace(opening.trade, state=TradeState.CLOSED, closed_at_ns=at_ns, pnl_krw=-Decimal(krw))
    stores.trades.add_orders(lost, ())


def attempt(stores, session, now_ns):
    opening = world.opening(session.session_id, now_ns=now_ns)
    return stores.trades.open_trade(opening.proposal, opening.orders, LIMITS, now_ns)


def test_a_budget_that_is_spent_before_midnight_is_spent_after_it(stores, session):
    lose(stores, session, MIDNIGHT_NS - 20 * NS_PER_S)
    assert attempt(stores, session, MIDNIGHT_NS + 20 * NS_PER_S) == Denied("daily_loss")


def test_a_loss_counts_for_a_whole_day_and_no_longer(stores, session):
    lose(stores, session, world.NOW_NS)
    assert attempt(stores, session, world.NOW_NS + NS_PER_DAY - 1) == Denied("daily_loss")
    assert isinstance(attempt(stores, session, world.NOW_NS + NS_PER_DAY), Approved)


def test_another_session_of_the_account_has_the_same_budget(stores):
    first, second = on_account(stores, "shared"), on_account(stores, "shared")
    lose(stores, first, world.NOW_NS)
    assert attempt(stores, second, world.NOW_NS) == Denied("daily_loss")


def test_a_session_that_took_the_place_of_another_one_has_no_budget_of_its_own(stores):
    first, second = (replace(world.session(), group_name="simulated") for _ in range(2))
    for each in (first, second):
        stores.sessions.create(each)
        for entry in world.openings(each.session_id):
            stores.trades.book_entry(each.session_id, entry, world.NOW_NS)
    lose(stores, first, world.NOW_NS)
    assert isinstance(attempt(stores, second, world.NOW_NS), Approved)  # of another world
    stores.sessions.take_up(second.session_id, world.NOW_NS)
    assert attempt(stores, second, world.NOW_NS) == Denied("daily_loss")


@pytest.mark.parametrize(("account", "environment"), [("other", "mock"), ("mine", "paper")])
def test_a_session_of_another_account_or_mode_has_a_budget_of_its_own(stores, account, environment):
    first, second = on_account(stores, "mine"), on_account(stores, account, environment)
    lose(stores, first, world.NOW_NS)
    assert isinstance(attempt(stores, second, world.NOW_NS), Approved)


def test_what_another_session_may_still_lose_is_set_aside_as_well(stores):
    first, second = on_account(stores, "reserves"), on_account(stores, "reserves")
    opening = world.opening(first.session_id, loss_reserve_krw="99700")
    stores.trades.open_trade(opening.proposal, opening.orders, LIMITS, world.NOW_NS)
    assert attempt(stores, second, world.NOW_NS) == Denied("daily_loss_budget")
