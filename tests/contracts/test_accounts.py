"""Keys name accounts; what an account was called before is taken up with its sessions, orders and losses."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved, Denied
from arb.domain.state.account import Key, Unnamed
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.test_external import listed
from tests.contracts.world import NOW_NS

numbers = count(1)


@pytest.fixture
def name():
    return f"k{next(numbers)}"


def keys(name, uid="", label="", key="1"):
    return {
        Venue.UPBIT: Key(fingerprint=f"{name}-u{key}", label=label or f"{name}-desk"),
        Venue.BINANCE: Key(fingerprint=f"{name}-b{key}", told=uid, untold="" if uid else "503"),
    }


def session_on(stores, named, group="", environment="live"):
    """Return a session with money, on one name for both accounts or on these."""
    accounts = world.accounts(named) if isinstance(named, str) else named
    made = replace(world.session(environment=environment, group=group), accounts=accounts)
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, NOW_NS)
    return made


def accounts_of(stores, session):
    return stores.sessions.get(session.session_id).accounts


def attempt(stores, session, **limits):
    opening = world.opening(session.session_id)
    limit = world.with_limits(**limits)
    return opening, stores.trades.open_trade(opening.proposal, opening.orders, limit, NOW_NS)


def lose(stores, session, pnl_krw):
    opening, verdict = attempt(stores, session)
    assert isinstance(verdict, Approved)
    ended = {"state": TradeState.CLOSED, "closed_at_ns": NOW_NS, "pnl_krw": Decimal(pnl_krw)}
    stores.trades.add_orders(replace(opening.trade, **ended), ())


def in_doubt(stores, session):
    """Open a pair whose Binance leg is filled and whose Upbit leg is UNKNOWN; return that one."""
    opening, _ = attempt(stores, session)
    for venue in (Venue.BINANCE, Venue.UPBIT):
        order = stores.trades.claim(opening.on(venue).client_order_id, NOW_NS)
        if venue is Venue.BINANCE:
            stores.trades.record(world.filled(order), NOW_NS)
    assert stores.trades.lose(order.client_order_id, order.fence, "reply lost", NOW_NS)
    return order


def test_a_rotated_key_opens_the_same_account(stores, name):
    first = stores.accounts.settle("live", keys(name, uid="7"), "", NOW_NS)
    assert first == {Venue.UPBIT: f"{name}-desk", Venue.BINANCE: "7"}
    assert stores.accounts.settle("live", keys(name, uid="7", key="2"), "", NOW_NS) == first


def test_while_the_venue_is_away_a_known_key_is_remembered_and_another_one_is_refused(stores, name):
    first = stores.accounts.settle("live", keys(name, uid="7"), "", NOW_NS)
    assert stores.accounts.settle("live", keys(name), "", NOW_NS) == first
    refused = stores.accounts.settle("live", keys(name, key="2"), "", NOW_NS)
    assert isinstance(refused, Unnamed)
    assert "503" in refused.line
    assert stores.accounts.remembered("live", keys(name, key="2")) == {}


def test_a_label_that_changes_under_the_same_key_is_refused(stores, name):
    stores.accounts.settle("live", keys(name, uid="7"), "", NOW_NS)
    refused = stores.accounts.settle("live", keys(name, uid="7", label="other"), "", NOW_NS)
    assert isinstance(refused, Unnamed)


def test_a_venue_that_says_that_a_known_key_is_of_another_account_is_not_believed(stores, name):
    first = stores.accounts.settle("live", keys(name, uid=f"uid {name}"), "", NOW_NS)
    session = session_on(stores, first)
    stores.accounts.settle("live", keys(name), "", NOW_NS)  # the venue is away in between
    refused = stores.accounts.settle("live", keys(name, uid=f"other {name}"), "", NOW_NS)
    assert isinstance(refused, Unnamed)
    assert f"uid {name}" in refused.line
    assert accounts_of(stores, session) == first


def test_the_same_label_in_another_mode_is_another_account(stores, name):
    stores.accounts.settle("live", keys(name, uid=f"uid {name}"), "", NOW_NS)
    assert stores.accounts.remembered("paper", keys(name)) == {}
    live, paper = (session_on(stores, name, environment=mode) for mode in ("live", "paper"))
    stores.accounts.settle("live", keys(name, uid=f"uid {name}"), name, NOW_NS)
    assert accounts_of(stores, live)[Venue.BINANCE] == f"uid {name}"
    assert accounts_of(stores, paper) == world.accounts(name)


def test_sessions_of_what_both_accounts_were_called_are_taken_up(stores, name):
    first, second = (session_on(stores, name, group) for group in ("one", "two"))
    foreign = session_on(stores, f"{name}-of-another")
    named = stores.accounts.settle("live", keys(name, uid=f"uid {name}"), name, NOW_NS)
    assert accounts_of(stores, first) == accounts_of(stores, second) == named
    assert accounts_of(stores, foreign) == world.accounts(f"{name}-of-another")
    assert stores.accounts.settle("live", keys(name, uid=f"uid {name}"), name, NOW_NS) == named


def test_external_orders_that_were_known_are_told_once(stores, name):
    session, order = session_on(stores, name), listed()
    assert stores.external.adopt(session.session_id, Venue.BINANCE, [order], NOW_NS) == (order,)
    stores.accounts.settle("live", keys(name, uid=f"uid {name}"), name, NOW_NS)
    assert stores.external.adopt(session.session_id, Venue.BINANCE, [order], NOW_NS) == ()


def test_a_pair_that_is_open_and_an_order_in_doubt_go_over_to_the_new_name_and_over_a_rotation(stores, name):
    session = session_on(stores, name)
    order = in_doubt(stores, session)
    free, held = stores.trades.free(session.session_id), stores.inside.hold(order.client_order_id)
    for key in ("1", "2"):
        named = stores.accounts.settle("live", keys(name, uid=f"uid {name}", key=key), name, NOW_NS)
        assert accounts_of(stores, session) == named
        (active,) = stores.trades.active(session.session_id)
        assert stores.trades.working(session.session_id) == 1
        assert stores.trades.order(order.client_order_id).state is OrderState.UNKNOWN
        assert stores.trades.free(session.session_id) == free
        assert stores.inside.hold(order.client_order_id) == held
    stores.trades.record(world.filled(order), NOW_NS)
    assert stores.trades.order(order.client_order_id).state is OrderState.FILLED
    assert stores.trades.record(world.filled(order), NOW_NS).state is OrderState.FILLED
    assert len(stores.trades.view(active.trade.trade_id).orders) == 2


def test_the_daily_loss_is_that_of_the_account_over_a_new_name_and_a_rotation(stores, name):
    session = session_on(stores, name)
    lose(stores, session, "-60000")
    for key in ("1", "2"):
        named = stores.accounts.settle("live", keys(name, uid=f"uid {name}", key=key), name, NOW_NS)
        beside = session_on(stores, named, group=f"group {key}")
        for each in (session, beside):
            _, verdict = attempt(stores, each, daily_loss_krw_max=Decimal(60_000))
            assert verdict == Denied("daily_loss")


def test_a_key_of_another_account_has_a_daily_loss_of_its_own(stores, name):
    named = stores.accounts.settle("live", keys(name, uid=f"uid {name}"), "", NOW_NS)
    lose(stores, session_on(stores, named), "-60000")
    other = keys(name, uid=f"other {name}", label=f"{name}-other", key="2")
    fresh = session_on(stores, stores.accounts.settle("live", other, "", NOW_NS), group="other")
    _, verdict = attempt(stores, fresh, daily_loss_krw_max=Decimal(60_000))
    assert isinstance(verdict, Approved)
