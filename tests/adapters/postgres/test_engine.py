"""Each commit through an engine that is listened to is noted, with the trades that it changed."""

import ast
import inspect
import pickle
from contextlib import suppress
from copy import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg2 import extensions
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

import arb.adapters.postgres
from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import (
    Pool,
    asking,
    at_once,
    make_engine,
    noting,
    reading,
    transaction,
)
from arb.adapters.postgres.failures import OTHER_SCHEMA, CommitUnknown, OtherSchema
from arb.adapters.postgres.owners import acting_for, refuse_foreign
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.tables import METADATA, fills, holds, order_events, orders, trades
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import Conflict, ForeignSession, InvariantError
from arb.domain.ledger.ledger import Entry, EntryKind, move
from arb.domain.market.ids import ClientOrderId, Coin, Venue, parse_client_order_id
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.state.generation import Generation
from arb.domain.state.owner import Owner
from arb.domain.state.recovery import Recovery
from arb.domain.trading.order import OrderEvent, OrderState
from tests.contracts import world
from tests.contracts.world import NOW_NS

pytestmark = pytest.mark.integration
STORES = (SqlTradeStore, SqlSessionStore)
METHODS = [
    (store, name)
    for store in STORES
    for name, _ in inspect.getmembers(store, inspect.isfunction)
    if not name.startswith("_")
]
PACKAGE = Path(arb.adapters.postgres.__file__).parent


def contents(engine: Engine) -> dict[str, set[str]]:
    """Return the rows of every table as text."""
    with engine.connect() as connection:
        return {
            name: {repr(row) for row in connection.execute(select(table))}
            for name, table in METADATA.tables.items()
        }


def changed_trades(engine: Engine, before: dict[str, set[str]]) -> set[str]:
    """Return the trades of which a row is other than it was."""
    found = set()
    with engine.connect() as connection:
        for table in (trades, orders, order_events, fills, holds):
            for row in connection.execute(select(table)):
                if repr(row) not in before[table.name]:
                    values = row._mapping
                    named = values.get("trade_id") or parse_client_order_id(values["client_order_id"])[0]
                    found.add(named)
    return found


class Notes:
    """What was noted, and what another connection saw at that moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.trades: list[tuple[str, ...]] = []
        self.seen: list[dict[str, set[str]]] = []

    def __call__(self, *named: str) -> None:
        self.trades.append(named)
        self.seen.append(contents(self._engine))


class Scene:
    """A session with money, a trade whose orders are intents, and one with an order that is being sent."""

    def __init__(self, engine: Engine) -> None:
        self.hear(engine)
        self.session = world.session()
        self.id = self.session.session_id
        self.sessions.create(self.session)
        for entry in world.openings(self.id):
            self.trades.book_entry(self.id, entry, NOW_NS)
        self.new, self.opened, sent = world.opening(self.id), self._open(), self._open()
        self.intent = self.opened.on(Venue.UPBIT).client_order_id
        self.claimed = self.trades.claim(sent.on(Venue.UPBIT).client_order_id, NOW_NS)

    def hear(self, engine: Engine) -> None:
        self.trades, self.sessions = SqlTradeStore(engine), SqlSessionStore(engine)

    def _open(self):
        made = world.opening(self.id)
        self.trades.open_trade(made.proposal, made.orders, world.LIMITS, NOW_NS)
        return made

    def reviewed(self, at=None):
        """Return an entry that was approved by what was read now, or at another mark."""
        known = self.trades.known_exposure(self.id, (), NOW_NS)
        known = known if at is None else replace(known, mark=at)
        return Approved(self.new.proposal), self.new.orders, known

    @property
    def claim(self):
        return self.claimed.client_order_id, self.claimed.fence

    def lost(self):
        self.trades.lose(*self.claim, "no answer", NOW_NS)
        return self.claimed.client_order_id

    def neighbour(self, group="b"):
        """Return another session on the same account."""
        other = replace(world.session(group=group), accounts=world.accounts(self.account()))
        self.sessions.create(other)
        return other.session_id

    def account(self):
        name = f"account of {self.id}"
        self.sessions.name_accounts(self.id, world.accounts(name))
        return name

    def beside_one_that_moved(self):
        """Return this session after another one on its account has traded."""
        other = self.neighbour()
        self.trades.open_beside(other, NOW_NS)
        self.trades.book_moves(self.id, NOW_NS)
        opened = world.opening(other)
        self.trades.open_trade(opened.proposal, opened.orders, world.LIMITS, NOW_NS)
        order = self.trades.claim(opened.on(Venue.UPBIT).client_order_id, NOW_NS)
        self.trades.record(world.filled(order), NOW_NS)
        return self.id

    def entry(self):
        postings = move("external", "venue:upbit", "BTC", Decimal(1))
        return Entry(key=f"deposit {self.id}", kind=EntryKind.ADJUSTMENT, postings=postings)


CALLS = {
    "open_trade": lambda s: s.trades.open_trade(s.new.proposal, s.new.orders, world.LIMITS, NOW_NS),
    "open_reviewed": lambda s: s.trades.open_reviewed(*s.reviewed(at=-1)),
    "known_exposure": lambda s: s.trades.known_exposure(s.id, (), NOW_NS),
    "add_orders": lambda s: s.trades.add_orders(
        s.opened.trade, [world.exit_intent(s.opened.trade, Venue.UPBIT, 2)]
    ),
    "next_order_number": lambda s: s.trades.next_order_number(s.opened.trade.trade_id, Venue.UPBIT),
    "claim": lambda s: s.trades.claim(s.intent, NOW_NS),
    "release": lambda s: s.trades.release(*s.claim, "not sent", NOW_NS),
    "lose": lambda s: s.trades.lose(*s.claim, "no answer", NOW_NS),
    "reject": lambda s: s.trades.reject(*s.claim, OrderEvent.REJECT, "no", NOW_NS),
    "absent": lambda s, lost: s.trades.absent(lost, "not there", NOW_NS),
    "record": lambda s: s.trades.record(world.filled(s.claimed), NOW_NS),
    "deny": lambda s: s.trades.deny(s.intent, "no", NOW_NS),
    "order": lambda s: s.trades.order(s.intent),
    "orders": lambda s: s.trades.orders([s.intent]),
    "session_of": lambda s: s.trades.session_of(s.opened.trade.trade_id),
    "view": lambda s: s.trades.view(s.opened.trade.trade_id),
    "active": lambda s: s.trades.active(s.id),
    "session_view": lambda s: s.trades.session_view(s.id, (Coin("BTC"),)),
    "untold": lambda s: s.trades.untold(s.id, NOW_NS),
    "alone": lambda s: s.trades.alone(s.id),
    "repair_again": lambda s: s.trades.repair_again(s.opened.trade),
    "value_fees": lambda s: s.trades.value_fees(s.opened.trade, {}),
    "fees_assumed": lambda s: s.trades.fees_assumed(s.id, 5),
    "correct_fees": lambda s: s.trades.correct_fees(s.opened.trade, s.intent, {}, NOW_NS),
    "archive": lambda s: s.trades.archive(s.id, NOW_NS),
    "filled_late": lambda s: s.trades.filled_late(s.id),
    "unvalued": lambda s: s.trades.unvalued(s.id, 20),
    "fee_assets": lambda s: s.trades.fee_assets(s.id),
    "live": lambda s: s.trades.live(s.id),
    "overdue": lambda s: s.trades.overdue(s.id, NOW_NS, NOW_NS),
    "moving": lambda s: s.trades.moving(s.id, NOW_NS),
    "book_entry": lambda s: s.trades.book_entry(s.id, s.entry(), NOW_NS),
    "book_moves": lambda s, moved: s.trades.book_moves(moved, NOW_NS),
    "open_beside": lambda s, other: s.trades.open_beside(other, NOW_NS),
    "balances": lambda s: s.trades.balances(s.id),
    "free": lambda s: s.trades.free(s.id),
    "working": lambda s: s.trades.working(s.id),
    "create": lambda s: s.sessions.create(world.session()),
    "current": lambda s: s.sessions.current("mock"),
    "listed": lambda s: s.sessions.listed("mock"),
    "take_up": lambda s, other: s.sessions.take_up(other, NOW_NS),
    "set_mode": lambda s: s.sessions.set_mode(s.id, Mode.HALTED, "stop", NOW_NS + 1),
    "change_mode": lambda s: s.sessions.change_mode(s.session, Mode.HALTED, "stop", NOW_NS + 1),
    "last_mode": lambda s: s.sessions.last_mode(s.id, []),
    "unjudged": lambda s: s.sessions.unjudged(s.id),
    "keep_unjudged": lambda s: s.sessions.keep_unjudged(s.id, {"upbit:KRW": 1}),
    "name_accounts": lambda s: s.sessions.name_accounts(s.id, world.accounts("another")),
    "recovered": lambda s: s.sessions.recovered(
        s.id, Recovery(component="redis", cause="away", lost_at_ns=1, recovered_at_ns=2, detail="back")
    ),
    "recoveries": lambda s: s.sessions.recoveries(s.id, 10),
    "generation": lambda s: s.sessions.generation(s.id),
    "begin_generation": lambda s: s.sessions.begin_generation(
        Generation(session_id=s.id, number=1, settings={}, frozen_at_ns=NOW_NS, why="started")
    ),
    "get": lambda s: s.sessions.get(s.id),
}
BEFORE = {
    "absent": Scene.lost,
    "book_moves": Scene.beside_one_that_moved,
    "open_beside": Scene.neighbour,
    "take_up": lambda s: s.neighbour(group=""),
}


@pytest.fixture(scope="module")
def engine(database_url):
    made = make_engine(database_url, Pool(size=4))
    yield made
    made.dispose()


@pytest.fixture
def notes(engine):
    return Notes(engine)


@pytest.fixture
def noted(engine, notes):
    return noting(engine, notes)


@pytest.fixture
def scene(engine):
    return Scene(engine)


@pytest.fixture
def heard(scene, noted):
    """The same scene, through stores that are listened to."""
    same = copy(scene)
    same.hear(noted)
    return same


@pytest.fixture
def commits(monkeypatch):
    """Count the commits."""
    commit, made = Connection.commit, []

    def counted(connection):
        commit(connection)
        made.append(connection)

    monkeypatch.setattr(Connection, "commit", counted)
    return made


@pytest.mark.parametrize(("store", "name"), METHODS, ids=[f"{s.__name__}.{n}" for s, n in METHODS])
def test_each_method_that_writes_is_noted_after_its_commit(store, name, engine, scene, heard, notes, commits):
    given = [BEFORE[name](scene)] if name in BEFORE else []
    before = contents(engine)
    commits.clear()
    CALLS[name](heard, *given)
    after = contents(engine)
    assert (before != after) is bool(commits), "a call that commits has to be one that changes something here"
    assert len(notes.trades) == len(commits)
    assert all(seen == after for seen in notes.seen), "noted before the commit"
    assert {trade for named in notes.trades for trade in named} == changed_trades(engine, before)


@pytest.fixture
def one(database_url):
    """An engine of one connection."""
    made = make_engine(database_url, Pool(size=1, overflow_max=0))
    yield made
    made.dispose()


@pytest.fixture
def round_trips(monkeypatch):
    """Count how often the server is waited for."""
    found, wait = [], patience.wait

    def counted(connection):
        found.append(connection)
        wait(connection)

    extensions.set_wait_callback(counted)
    yield found
    extensions.set_wait_callback(wait)


SETTINGS = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"


@pytest.mark.parametrize("before", [asking, at_once, reading, transaction])
@pytest.mark.parametrize(("use", "trips"), [(asking, 1), (at_once, 1), (reading, 3), (transaction, 3)])
def test_a_use_costs_its_own_round_trips_whatever_came_before(one, round_trips, before, use, trips):
    for _ in range(2):
        with before(one) as connection:
            connection.execute(text("SELECT 1"))
        round_trips.clear()
        with use(one) as connection:
            connection.execute(text("SELECT 1"))
        assert len(round_trips) == trips


@pytest.mark.parametrize("before", [asking, at_once, reading, transaction])
@pytest.mark.parametrize("fails", [False, True])
def test_a_transaction_is_one_that_may_write_whatever_came_before(one, before, fails):
    with suppress(ProgrammingError), before(one) as connection:
        connection.execute(text("SELECT nothing()" if fails else "SELECT 1"))
    with transaction(one) as connection:
        assert tuple(connection.execute(text(SETTINGS)).one()) == ("read committed", "off")
        connection.execute(text("CREATE TEMPORARY TABLE kept (n int) ON COMMIT DROP"))
        connection.rollback()
        assert connection.execute(text("SELECT to_regclass('kept')")).scalar() is None


def test_a_view_is_one_moment_and_read_only(one):
    with reading(one) as connection:
        assert tuple(connection.execute(text(SETTINGS)).one()) == ("repeatable read", "on")


AT_ONCE = {
    "open_reviewed": lambda s: s.trades.open_reviewed(*s.reviewed()),
    "record": lambda s: s.trades.record(world.filled(s.claimed), NOW_NS, s.claimed),
    "add_orders": lambda s: s.trades.add_orders(replace(s.opened.trade, reason="late"), ()),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_commits_itself_is_noted_after_that(name, engine, heard, notes, commits):
    before = contents(engine)
    commits.clear()
    AT_ONCE[name](heard)
    after = contents(engine)
    assert (before != after, commits) == (True, [])
    assert notes.seen == [after]
    assert {trade for named in notes.trades for trade in named} == changed_trades(engine, before)


def test_a_report_that_tells_nothing_new_is_not_noted(heard, notes):
    accepted = heard.trades.record(world.report(heard.claimed, OrderState.ACCEPTED), NOW_NS, heard.claimed)
    notes.trades.clear()
    assert heard.trades.record(world.report(accepted, OrderState.ACCEPTED), NOW_NS, accepted) == accepted
    assert notes.trades == []


def test_a_trade_that_moved_on_is_not_changed_and_not_noted(heard, notes):
    heard.trades.add_orders(heard.opened.trade, ())
    notes.trades.clear()
    with pytest.raises(Conflict):
        heard.trades.add_orders(heard.opened.trade, ())
    assert notes.trades == []


def test_an_entry_by_what_was_read_ahead_is_noted_where_that_stands(heard, notes, engine):
    known = heard.trades.known_exposure(heard.id, (), NOW_NS)
    made = [heard.new, world.opening(heard.id)]
    assert [heard.trades.open_reviewed(Approved(each.proposal), each.orders, known) for each in made] == [
        True,
        False,
    ]
    assert notes.trades == [(heard.new.trade.trade_id,)]
    assert notes.seen == [contents(engine)]


def test_only_this_module_opens_connections():
    opening = {"begin", "begin_nested", "commit", "connect", "raw_connection"}
    found = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in opening
    }
    assert found == {"engine.py"}


def test_a_reading_changes_nothing(heard, notes):
    with pytest.raises(Exception, match="read-only"), reading(heard.trades.engine) as connection:
        connection.execute(trades.delete())
    assert notes.trades == []


def test_a_connection_that_somebody_closed_is_replaced_by_the_next_attempt(database_url):
    engine = make_engine(database_url, Pool(size=1))
    try:
        store = SqlTradeStore(engine)
        for call in (store.order, store.view, store.balances):
            with engine.connect() as connection:
                driver = connection.connection.dbapi_connection
            driver.close()
            assert not call(ClientOrderId("nobody"))
    finally:
        engine.dispose()


def test_what_fails_is_not_noted(heard, notes):
    with pytest.raises(Conflict):
        heard.trades.add_orders(replace(heard.opened.trade, version=7), [])
    with pytest.raises(InvariantError):
        heard.sessions.set_mode("nobody's", Mode.HALTED, "stop", NOW_NS)
    assert notes.trades == []


def test_a_commit_whose_answer_was_lost_is_noted_by_whoever_finds_it_there(heard, notes, monkeypatch):
    commit, answers = Connection.commit, iter([False, True])

    def lose(connection):
        commit(connection)
        if not next(answers):
            raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(Connection, "commit", lose)
    heard.trades.open_trade(heard.new.proposal, heard.new.orders, world.LIMITS, NOW_NS)
    assert notes.trades == [(heard.new.trade.trade_id,)]


def test_a_lost_answer_itself_is_not_noted(noted, notes, monkeypatch):
    def lose(_connection):
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(Connection, "commit", lose)
    with pytest.raises(CommitUnknown), transaction(noted) as connection:
        connection.execute(select(1))
    assert notes.trades == []


def test_what_found_nothing_to_change_is_not_noted(heard, notes):
    refused = heard.trades.open_trade(
        heard.new.proposal, heard.new.orders, world.with_limits(trades_open_max=1), NOW_NS
    )
    assert isinstance(refused, Denied)
    moved_on = replace(heard.session, mode_reason="another")
    assert not heard.sessions.change_mode(moved_on, Mode.HALTED, "stop", NOW_NS)
    assert heard.trades.book_moves(heard.id, NOW_NS) == 0
    assert notes.trades == []


def test_an_intent_whose_lifetime_ends_at_a_claim_is_noted(heard, notes):
    late_ns = NOW_NS + world.LIFETIME_NS
    assert heard.trades.claim(heard.intent, late_ns).state is OrderState.EXPIRED
    assert notes.trades == [(heard.opened.trade.trade_id,)]


def test_who_an_engine_acts_for_stays_with_the_one_that_is_listened_to(engine, notes):
    owner = Owner(environment="paper", accounts=world.accounts(""))
    with transaction(noting(acting_for(engine, owner), notes)) as connection, pytest.raises(ForeignSession):
        refuse_foreign(connection, "s-1", Owner(environment="mock", accounts=world.accounts("")))
    assert notes.trades == [()]


def test_stores_on_the_same_pool_that_nobody_listens_to_note_nothing(scene, heard, notes):
    scene.trades.claim(scene.intent, NOW_NS)
    assert notes.trades == []
    assert heard.trades.engine.pool is scene.trades.engine.pool


def test_a_table_or_column_that_is_missing_is_told_as_another_schema_and_a_mistake_is_not(engine):
    for missing in ("SELECT 1 FROM no_such_table", "SELECT no_such_column FROM sessions"):
        for block in (reading, transaction):
            with pytest.raises(OtherSchema, match="`arb down` and `arb up`"), block(engine) as connection:
                connection.execute(text(missing))
    with pytest.raises(ProgrammingError), reading(engine) as connection:
        connection.execute(text("SELEC 1"))
    assert str(pickle.loads(pickle.dumps(OtherSchema(OTHER_SCHEMA)))) == OTHER_SCHEMA
