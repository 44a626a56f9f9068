"""Two groups of coins on one account must not spend the same money twice.

A trade is reviewed under one lock for the account, against what its sessions have set aside and what they
have spent, whether a sweep has brought that to the other books yet or not.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from threading import Barrier

import pytest

from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.review import Approved
from tests.contracts import world
from tests.contracts.backends import Stores
from tests.contracts.world import Opening
from tests.known_losses.helpers import require

pytestmark = pytest.mark.integration

TRIES = 20
# Money for one trade of 0.01 BTC, and no second one.
FUNDS = {
    Venue.UPBIT: {"KRW": Decimal(50_000_000), "BTC": Decimal("0.012")},
    Venue.BINANCE: {"USDT": Decimal(1_200)},
}


def group(stores: Stores, name: str, account: str) -> SessionId:
    session = replace(world.session(group=name), accounts=world.accounts(account))
    stores.sessions.create(session)
    stores.sessions.take_up(session.session_id, world.NOW_NS)
    return session.session_id


def two_groups(stores: Stores, account: str) -> tuple[SessionId, SessionId]:
    """Return two sessions that trade different coins with the same money."""
    first = group(stores, "one", account)
    for venue, funds in FUNDS.items():
        stores.trades.book_entry(first, opening_entry(first, venue, funds), world.NOW_NS)
    second = group(stores, "two", account)
    require(stores.trades.open_beside(second, world.NOW_NS), "the second group's books are open")
    return first, second


def try_to_open(stores: Stores, session: SessionId) -> Opening | None:
    """Return the trade that was approved, None if it was refused."""
    wanted = world.opening(session)
    verdict = stores.trades.open_trade(wanted.proposal, wanted.orders, world.LIMITS, world.NOW_NS)
    return wanted if isinstance(verdict, Approved) else None


def approved_at_once(stores: Stores, sessions: tuple[SessionId, SessionId]) -> int:
    """Return how many trades are approved of two that are wanted at the same moment."""
    together = Barrier(2)

    def start(session: SessionId) -> bool:
        together.wait(timeout=10)
        return try_to_open(stores, session) is not None

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(start, sessions))


def test_what_one_group_has_set_aside_is_not_the_others_to_spend(sql: Stores):
    first, second = two_groups(sql, "set aside")
    require(try_to_open(sql, first), "the first group's trade is approved")
    assert try_to_open(sql, second) is None


def test_what_one_group_has_spent_is_not_the_others_to_spend(sql: Stores):
    first, second = two_groups(sql, "spent")
    opened = try_to_open(sql, first)
    require(opened, "the first group's trade is approved")
    for order in opened.orders:
        require(sql.trades.claim(order.client_order_id, world.NOW_NS), "the order is claimed")
        sql.trades.record(world.filled(order), world.NOW_NS)
    assert try_to_open(sql, second) is None


def test_two_groups_at_once_do_not_spend_more_than_their_account_has(sql: Stores):
    approved = [approved_at_once(sql, two_groups(sql, f"at once {number}")) for number in range(TRIES)]
    assert max(approved) <= 1
