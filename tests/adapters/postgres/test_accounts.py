"""What only the database can show of accounts: one transaction, one at a time, and processes that run on."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from sqlalchemy import text

from arb.adapters.postgres.accounts import SqlAccountStore
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import Venue
from arb.domain.state.owner import Owner
from tests.contracts import world
from tests.contracts.backends import sql_engine, sql_stores
from tests.contracts.test_accounts import accounts_of, keys, session_on
from tests.contracts.world import NOW_NS

pytestmark = pytest.mark.integration
numbers = count(1)


@pytest.fixture
def database(database_url):
    engine = sql_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def accounts(database):
    return SqlAccountStore(database)


@pytest.fixture
def name():
    return f"n{next(numbers)}"


def test_orders_of_what_both_accounts_were_called_are_claimed_by_a_process_of_the_new_names(
    accounts, database, name
):
    stores = sql_stores(database)
    session = session_on(stores, name)
    opening = world.opening(session.session_id)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    named = accounts.settle("live", keys(name, uid=f"uid {name}"), name, NOW_NS)
    ours = SqlTradeStore(acting_for(database, Owner(environment="live", accounts=named)))
    assert ours.claim(opening.orders[0].client_order_id, NOW_NS) is not None


def test_a_process_that_knows_an_account_by_what_it_was_called_before_goes_on(accounts, database, name):
    session = session_on(sql_stores(database), name)
    opening = world.opening(session.session_id)
    sql_stores(database).trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    interim = accounts.settle("live", keys(name), name, NOW_NS)  # the venue is away
    assert interim[Venue.BINANCE] == name
    accounts.settle("live", keys(name, uid=f"uid {name}"), "", NOW_NS)
    running = SqlTradeStore(acting_for(database, Owner(environment="live", accounts=interim)))
    order = running.claim(opening.orders[1].client_order_id, NOW_NS)
    assert order is not None
    running.record(world.filled(order), NOW_NS)


def test_two_starts_at_once_agree(accounts, database, name):
    session = session_on(sql_stores(database), name)
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: accounts.settle("live", keys(name, uid=f"u{name}"), name, NOW_NS), range(8))
        )
    assert all(each == found[0] for each in found)
    assert accounts_of(sql_stores(database), session) == found[0]


def test_a_take_up_that_is_cut_short_changes_nothing(accounts, database, name, monkeypatch):
    session = session_on(sql_stores(database), name)

    def cut(connection, *_, **__):
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with monkeypatch.context() as patched:
        patched.setattr("arb.adapters.postgres.accounts._remember", cut)
        with pytest.raises(Exception, match=r"terminat|closed|away|adminis"):
            accounts.settle("live", keys(name, uid=f"u{name}"), name, NOW_NS)
    assert accounts_of(sql_stores(database), session) == world.accounts(name)
    assert accounts.settle("live", keys(name, uid=f"u{name}"), name, NOW_NS)[Venue.BINANCE] == f"u{name}"


def test_no_key_is_in_the_database(accounts, database, name):
    accounts.settle("live", keys(name, uid="7"), "", NOW_NS)
    with database.connect() as connection:
        columns = connection.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'account_keys'")
        ).scalars()
        assert set(columns) == {"environment", "venue", "fingerprint", "account", "told", "named_at_ns"}
