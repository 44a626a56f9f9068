"""Entries of one session get their ids in the order in which they are committed."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from arb.adapters.postgres import ledger
from arb.adapters.postgres.engine import make_engine, reading, transaction
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.ledger.ledger import Entry, EntryKind, move
from arb.domain.market.ids import SessionId
from tests.contracts import world

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def engine(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def session_id(engine: Engine) -> SessionId:
    session = world.session()
    SqlSessionStore(engine).create(session)
    return session.session_id


def entry(key: str, amount: str = "1") -> Entry:
    return Entry(
        key=key,
        kind=EntryKind.ADJUSTMENT,
        postings=move("external", "venue:upbit", key.upper(), Decimal(amount)),
    )


def wait_for_a_lock(engine):
    """Return when somebody waits for an advisory lock."""
    while True:
        with engine.connect() as connection:
            waiting = connection.execute(
                text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            ).scalar_one()
        if waiting:
            return


def test_a_second_writer_waits_for_the_first_commit(engine, session_id):
    """Otherwise a snapshot could be taken at the second id without the first entry in it."""
    trades = SqlTradeStore(engine)
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as connection:
            ledger.book(connection, session_id, (entry("first"),), world.NOW_NS)
            second = pool.submit(trades.book_entry, session_id, entry("second"), world.NOW_NS)
            wait_for_a_lock(engine)
            with reading(engine) as other:
                assert ledger.position(other, session_id) == 0
        assert second.result()
    with engine.connect() as connection:
        keys = connection.execute(
            text("SELECT key FROM ledger_entries WHERE session_id = :id ORDER BY entry_id"),
            {"id": session_id},
        ).scalars()
        assert list(keys) == ["first", "second"]


def test_a_report_of_an_order_as_it_is_known_waits_for_it_too(engine, session_id):
    trades = SqlTradeStore(engine)
    for each in world.openings(session_id):
        trades.book_entry(session_id, each, world.NOW_NS)
    made = world.opening(session_id)
    trades.open_trade(made.proposal, made.orders, world.LIMITS, world.NOW_NS)
    order = trades.claim(made.orders[0].client_order_id, world.NOW_NS)
    assert order is not None
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as connection:
            ledger.lock(connection, session_id)
            filled = pool.submit(trades.record, world.filled(order), world.NOW_NS, order)
            wait_for_a_lock(engine)
            ledger.book(connection, session_id, (entry("before"),), world.NOW_NS)
        filled.result(10)
    with reading(engine) as connection:
        keys = [each.key for each in ledger.entries_after(connection, session_id, 0)]
    assert keys[-2] == "before"
    assert keys[-1].startswith("fill:")


def test_another_session_does_not_wait(engine, session_id):
    other = world.session()
    SqlSessionStore(engine).create(other)
    with transaction(engine) as connection:
        ledger.book(connection, session_id, (entry("here"),), world.NOW_NS)
        assert SqlTradeStore(engine).book_entry(other.session_id, entry("there"), world.NOW_NS)


@pytest.mark.parametrize(
    "amount", ["1E-30", "123456789012345678901234567890.123456789012345678901234567890", "1E+20", "0.10"]
)
def test_amounts_of_any_length_come_back_exactly(engine, session_id, amount):
    trades = SqlTradeStore(engine)
    with transaction(engine) as connection:
        connection.execute(
            text("INSERT INTO balances VALUES (:id, 'venue:upbit', 'X', :amount)"),
            {"id": session_id, "amount": Decimal(amount)},
        )
    assert list(trades.balances(session_id).values()) == [Decimal(amount)]
